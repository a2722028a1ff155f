// When a page asks anew: when somebody looks at it, when the network is back, and after a failure, less and less often.

import type { BillingClient } from "../client.js";

const FIRST_RETRY = 5_000;
const LAST_RETRY = 60_000;

/** Asks now and whenever the answer may be old. Returns what ends it. @internal */
export function keepFresh(client: BillingClient, orgId: string): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retry = FIRST_RETRY;
  let over = false;

  const ask = async (): Promise<void> => {
    clearTimeout(timer);
    await client.getEntitlements(orgId).catch(() => undefined); // it is in the state
    const error = client.getState(orgId)?.error;
    clearTimeout(timer);
    if (!error?.isOutage) {
      retry = FIRST_RETRY;
    } else if (!over) {
      timer = setTimeout(ask, Math.max(retry, error.retryAfter ?? 0));
      retry = Math.min(retry * 2, LAST_RETRY);
    }
  };
  const look = (): void => {
    if (document.visibilityState === "visible") void ask();
  };

  // Somebody else signed in: what is known is nothing.
  const unsubscribe = client.subscribe(orgId, (state) => {
    if (!state.entitlements && !state.error) void ask();
  });
  window.addEventListener("focus", look);
  window.addEventListener("online", look);
  document.addEventListener("visibilitychange", look);
  void ask();
  return () => {
    over = true;
    clearTimeout(timer);
    unsubscribe();
    window.removeEventListener("focus", look);
    window.removeEventListener("online", look);
    document.removeEventListener("visibilitychange", look);
  };
}
