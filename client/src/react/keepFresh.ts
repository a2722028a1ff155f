// When a page asks anew: when somebody looks at it or comes back to it, when the network is back, when
// something ends, and after a failure, less and less often.

import type { BillingClient } from "../client.js";
import type { Entitlements } from "../types.js";

/** The first and the last pause of an outage, in milliseconds. @internal */
export const FIRST_RETRY = 5_000;
/** @internal */
export const LAST_RETRY = 60_000;
/** How much longer each pause is while the person changes during each call. @internal */
export const UNSETTLED = 1_000;
/**
 * When to ask after an end, in milliseconds: soon, and once more, as this machine's clock may be ahead and
 * Stripe take a moment.
 */
const AFTER_AN_END = [5_000, 65_000];
/** What a timer can wait, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Asks now and whenever the answer may be old. Returns what ends it. @internal */
export function keepFresh(client: BillingClient, orgId: string): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ending: ReturnType<typeof setTimeout> | undefined;
  let retry = FIRST_RETRY;
  let unsettled = 0;
  let over = false;

  const ask = async (afresh = false): Promise<void> => {
    clearTimeout(timer);
    await client.getEntitlements(orgId, { afresh }).catch(() => undefined); // it is in the state
    const { entitlements, error } = client.getState(orgId) ?? {};
    clearTimeout(timer);
    if (over) return;
    if (!error?.isOutage) retry = FIRST_RETRY;
    if (!entitlements && !error) {
      // The person changed during the call. At once, then less and less often: a token may be another
      // person's each time.
      timer = setTimeout(() => void ask(), Math.min(unsettled++ * UNSETTLED, LAST_RETRY));
      return;
    }
    unsettled = 0;
    awaitEnd(entitlements);
    if (error?.isOutage) {
      timer = setTimeout(() => void ask(), Math.max(retry, error.retryAfter ?? 0));
      retry = Math.min(retry * 2, LAST_RETRY);
    }
  };
  const awaitEnd = (entitlements: Entitlements | undefined): void => {
    clearTimeout(ending);
    const next = entitlements && nextLook(entitlements);
    if (next) ending = setTimeout(() => void ask(), Math.min(next - Date.now(), LONGEST_TIMER));
  };
  const look = (): void => {
    if (document.visibilityState === "visible") void ask();
  };

  // The browser's back button brought the page back as it was left, perhaps for Stripe's checkout.
  const back = (event: PageTransitionEvent): void => {
    if (event.persisted) void ask(true);
  };

  // Somebody else signed in: what is known is nothing.
  const unsubscribe = client.subscribe(orgId, (state) => {
    if (!state.entitlements && !state.error) void ask();
    else awaitEnd(state.entitlements);
  });
  window.addEventListener("focus", look);
  window.addEventListener("online", look);
  window.addEventListener("pageshow", back);
  document.addEventListener("visibilitychange", look);
  void ask();
  return () => {
    over = true;
    clearTimeout(timer);
    clearTimeout(ending);
    unsubscribe();
    window.removeEventListener("focus", look);
    window.removeEventListener("online", look);
    window.removeEventListener("pageshow", back);
    document.removeEventListener("visibilitychange", look);
  };
}

/** When to look whether what is to end or to change has; on this machine's clock. Undefined: nothing is. */
function nextLook({ graceEndsAt, cancelAt, trialEndsAt, scheduled }: Entitlements): number | undefined {
  const looks = [graceEndsAt, cancelAt, trialEndsAt, scheduled?.at].flatMap((end) =>
    end ? AFTER_AN_END.map((later) => Date.parse(end) + later) : [],
  );
  const ahead = looks.filter((look) => look > Date.now());
  return ahead.length > 0 ? Math.min(...ahead) : undefined;
}
