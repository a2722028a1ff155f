// Back from Stripe's checkout: what was known before it, and the wait for the purchase.

import { $ } from "/dom.js";
import { complain, notify } from "/notice.js";

const PENDING = "promptforge.checkout";

/** Keeps, for the way back, who left for the checkout and what their answer was. */
export const leave = (who, answer) => sessionStorage.setItem(PENDING, JSON.stringify({ who, answer }));

/** What was kept, if somebody left. */
export const left = () => JSON.parse(sessionStorage.getItem(PENDING) ?? "null");

/** Whether Stripe led back here after a payment. */
export const isBack = () =>
  location.pathname === "/billing/success" && new URLSearchParams(location.search).has("session_id");

/** The page is an ordinary one again. */
export function settle() {
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", "/");
}

/** Waits for the purchase and says what came of it; `planOf` knows the plans. */
export async function awaitPurchase(state, planOf) {
  const { client, context, viewing: { signal } } = state;
  const again = () => awaitPurchase(state, planOf);
  // A payment that was given up confirms nothing any more.
  const isOver = ({ planCode, status }) => planOf(planCode).rank > 0 || status === "incomplete_expired";
  notify({ waiting: true, tone: "info", text: "Thank you. Waiting for Stripe to confirm the payment…" });
  try {
    const plan = planOf((await client.syncAfterCheckout(context.org.id, { signal })).planCode);
    if (plan.rank > 0) welcome(plan);
    else
      notify({
        tone: "warn",
        text: "Stripe has not confirmed the payment yet. "
          + "Nothing is lost: the plan changes here by itself once it does.",
        action: { label: "Ask Stripe now", run: again },
        over: isOver,
      });
  } catch (error) {
    if (!signal.aborted) complain(error, again, isOver);
  }
  settle();
}

function welcome(plan) {
  const ms = Math.round(performance.now());
  notify({
    tone: "ok",
    text: `Welcome to ${plan.name}. Your features were on ${(ms / 1000).toFixed(1)} s after you came back.`,
    over: ({ planCode }) => planCode !== plan.planCode,
  });
  $("plan").dataset.unlockedMs = String(ms);
  $("plan").classList.add("cheer");
}
