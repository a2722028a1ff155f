// When a page asks anew: when somebody looks at it or comes back to it, when the network is back, and after a
// failure, less and less often.

import type { BillingClient } from "../client.js";

const FIRST_RETRY = 5_000;
const LAST_RETRY = 60_000;
/** How much longer each pause is while the person changes during each call. */
const UNSETTLED = 1_000;

/** Asks now and whenever the answer may be old. Returns what ends it. @internal */
export function keepFresh(client: BillingClient, orgId: string): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
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
    if (error?.isOutage) {
      timer = setTimeout(() => void ask(), Math.max(retry, error.retryAfter ?? 0));
      retry = Math.min(retry * 2, LAST_RETRY);
    }
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
  });
  window.addEventListener("focus", look);
  window.addEventListener("online", look);
  window.addEventListener("pageshow", back);
  document.addEventListener("visibilitychange", look);
  void ask();
  return () => {
    over = true;
    clearTimeout(timer);
    unsubscribe();
    window.removeEventListener("focus", look);
    window.removeEventListener("online", look);
    window.removeEventListener("pageshow", back);
    document.removeEventListener("visibilitychange", look);
  };
}
