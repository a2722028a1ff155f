// The plan card: a plan, a refusal or an error, as nodes. No requests and no state here.

import { day, el, explain, icon, money, note, pill, swap, words } from "/dom.js";
import { findPlan, hasBilling, isStranger } from "/plans.js";

const STATUS = {
  active: ["Active", "ok"],
  trialing: ["Trial", "info"],
  past_due: ["Payment failed", "warn"],
  incomplete: ["Payment incomplete", "warn"],
  incomplete_expired: ["Checkout expired", ""],
  unpaid: ["Unpaid", "bad"],
  paused: ["Paused", "warn"],
  canceled: ["Canceled", ""],
  none: ["No subscription", ""],
};

/**
 * @returns {Node[]} the lines that explain a subscription's trouble or end, each with the button that sees to
 * it for whoever `manages` the billing
 */
function warnings(answer, plan, { manages, run }) {
  const paid = plan.rank > 0;
  const lines = [];
  const add = (tone, text, label) => {
    const told = manages || !label ? text : [...text, " An owner or admin can see to it."];
    lines.push(note({ tone, text: told, action: manages && label && { label, run } }));
  };
  if (answer.status === "past_due" && paid) {
    const until = answer.graceEndsAt
      ? [", access until ", day(answer.graceEndsAt)]
      : [`. ${plan.short} stays on during the grace period`];
    add("warn", ["Payment failed", ...until, "."], "Pay open invoice");
  } else if (answer.status === "past_due") {
    add(
      "bad",
      [
        "Payment failed, and the grace period is over. "
          + "Paid features come back as soon as the invoice is paid.",
      ],
      "Pay open invoice",
    );
  }
  if (answer.status === "unpaid")
    add("bad", ["The last invoices were not paid, so paid features are off."], "Pay open invoice");
  if (answer.status === "incomplete")
    add("warn", ["The first payment is not complete yet. Paid features start when it is."]);
  if (answer.status === "paused") add("warn", ["The subscription is paused."], "Resume");
  if (answer.status === "trialing" && !answer.cancelAt)
    add("info", [
      "Trial: every feature of the plan is on. The first payment is due on ",
      day(answer.currentPeriodEnd),
      ".",
    ]);
  if (answer.cancelAt && paid)
    add(
      "warn",
      [`${plan.short} ends on `, day(answer.cancelAt), ". Until then nothing changes."],
      `Resume ${plan.short}`,
    );
  return lines;
}

function renewal(answer, paid) {
  if (answer.cancelAt && paid) return ["Ends on", day(answer.cancelAt)];
  if (answer.status === "past_due" && paid)
    return ["Access until", answer.graceEndsAt ? day(answer.graceEndsAt) : "End of grace period"];
  if (answer.status === "past_due" || answer.status === "unpaid") return ["Renewal", "Payment overdue"];
  if (!paid || !answer.currentPeriodEnd) return ["Renewal", "Nothing to renew"];
  return [answer.status === "trialing" ? "Trial ends on" : "Renews on", day(answer.currentPeriodEnd)];
}

/** What is taken off the price: `20% off until February 22, 2027`. Null: that is not known. */
function discounts(all) {
  if (!all) return ["Not known at the moment"];
  return all.flatMap(({ percentOff, amountOff, currency, duration, endsAt }, place) => [
    place > 0 ? ", " : "",
    `${amountOff === null ? `${percentOff}%` : money(amountOff, currency)} off`,
    duration === "once" ? " the next invoice" : "",
    ...(endsAt ? [" until ", day(endsAt)] : []),
  ]);
}

/**
 * The plan card for a member. `portal` is `{run, busy, why, manages}`; `why` stands in the button's place and
 * says the reason. There is no button where there is nothing to manage.
 */
function renderPlan(container, { org, answer, plan, portal }) {
  const [label, tone] = STATUS[answer.status] ?? [words(answer.status), ""];
  const [when, date] = renewal(answer, plan.rank > 0);
  const fact = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));
  swap(container,
    el("div", { className: "plan-top" },
      el("div", {},
        el("h2", { className: "org" }, org.name),
        el("p", { className: "badges" },
          pill(plan.name, "plan"),
          pill(label, tone),
          answer.cancelAt
            && plan.rank > 0
            && el("span", { className: "pill pill-warn" }, "Ends on ", day(answer.cancelAt)),
        ),
      ),
      portal.why && el("p", { className: "hint" }, portal.why),
      portal.manages
        && el(
          "button",
          {
            type: "button",
            className: "btn",
            "data-key": "portal",
            "aria-busy": portal.busy,
            onclick: portal.run,
          },
          portal.busy ? "Opening billing…" : "Manage billing",
        ),
    ),
    ...warnings(answer, plan, portal),
    el("dl", { className: "facts" },
      fact("Seats", answer.seats === 1 ? "1 seat" : `${answer.seats} seats`),
      answer.discounts?.length !== 0 && fact("Discount", ...discounts(answer.discounts)),
      fact(when, date)));
}

/**
 * The plan card for whatever the API answered: a plan, a stranger's refusal, or an error. Still loading
 * leaves it as it is.
 */
export function renderPlanCard(
  container,
  { answer, problem, context, plans, busy, who },
  { openPortal, retry },
) {
  if (answer) {
    const isMember = who === "member";
    const portal = {
      run: () => openPortal(),
      busy: busy === "portal",
      why: isMember ? "Only an owner or admin can manage billing." : null,
      manages: !isMember && hasBilling(answer),
    };
    renderPlan(container, { org: context.org, answer, plan: findPlan(plans, answer.planCode), portal });
  } else if (isStranger(problem)) {
    renderStop(container, {
      sign: "lock",
      title: `Not a member of ${context.org.name}`,
      text: [
        "This user does not belong to the organization, so the API tells nothing about it: "
          + "no plan, no seats, no features.",
        "An organization that does not exist gets the very same answer.",
      ],
    });
  } else if (problem) {
    renderStop(container, {
      sign: "alert",
      title: "The plan could not be read",
      text: [explain(problem)],
      action: { label: "Try again", run: retry },
    });
  }
}

/** Fills the plan card when there is no plan to show: not a member, or an error. */
export function renderStop(container, { sign, title, text, action }) {
  swap(
    container,
    el(
      "div",
      { className: "stop" },
      icon(sign),
      el("h2", {}, title),
      ...text.map((line) => el("p", {}, line)),
      action
        && el(
          "button",
          { type: "button", className: "btn", "data-key": "stop", onclick: action.run },
          action.label,
        ),
    ),
  );
}
