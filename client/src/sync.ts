// After checkout: ask until the purchase shows.

import { BillingError } from "./errors.js";
import { unlessAborted } from "./flight.js";
import type { Entitlements, Feature } from "./types.js";

/** How often Stripe is asked meanwhile, in milliseconds: the API does not ask it more often. */
const SYNC_EVERY = 5_000;

/** How to wait for a purchase. */
export interface SyncOptions {
  /** Ends the wait. The call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait at most, in milliseconds. Default 15,000. */
  readonly timeout?: number | undefined;
  /** The pause between two requests, in milliseconds. Default 500. */
  readonly interval?: number | undefined;
  /** The answer before the purchase. Default: the client's last one. */
  readonly before?: Entitlements | undefined;
  /**
   * Whether this is what was waited for. Default: a plan that is paid for, or a flag or seats that were not
   * there before. Who has a paid plan and changes it, or buys an add-on, looks for that plan or flag.
   */
  readonly until?: ((now: Entitlements, before: Entitlements | undefined) => boolean) | undefined;
}

// Who comes from a checkout had no paid plan: so a paid plan is the purchase, also on a page that was loaded
// after it and knows no before. All else may change beside it: somebody joins, or Stripe tells of a
// subscription whose first payment is under way or was given up.
/** @internal */
export const arrived: NonNullable<SyncOptions["until"]> = (now, before) =>
  now.planCode !== "pilot" ||
  (before !== undefined &&
    (now.seats > before.seats ||
      Object.entries(now.entitlements).some(([flag, on]) => on && !before.entitlements[flag as Feature])));

/** @internal */
export async function pollAfterCheckout(
  sync: (signal: AbortSignal) => Promise<Entitlements>,
  read: (signal: AbortSignal) => Promise<Entitlements>,
  { signal, timeout = 15_000, interval = 500, before, until = arrived }: SyncOptions,
): Promise<Entitlements> {
  const limit = new AbortController();
  const leave = (): void => limit.abort(signal?.reason);
  if (signal?.aborted) leave();
  signal?.addEventListener("abort", leave);
  let timer = setTimeout(() => limit.abort(), timeout);
  const timeIsUp = timer;
  let known: Entitlements | undefined;
  let problem: unknown;
  try {
    const pauses = Math.max(1, Math.ceil(SYNC_EVERY / interval));
    for (let attempt = 0; ; attempt++) {
      try {
        limit.signal.throwIfAborted();
        known = await (attempt % pauses === 0 ? sync : read)(limit.signal);
        if (!known.stale && until(known, before)) return known;
      } catch (error) {
        // Stripe may be down, and the webhook come all the same.
        if (!(error instanceof BillingError && error.isOutage)) throw error;
        problem = error;
      }
      const pause = new Promise<void>((resolve) => (timer = setTimeout(resolve, interval)));
      await unlessAborted(pause, limit.signal);
    }
  } catch (error) {
    if (!limit.signal.aborted || signal?.aborted) throw error;
    if (known) return known;
    throw problem ?? new BillingError("timeout", `No answer within ${timeout} ms`);
  } finally {
    clearTimeout(timeIsUp);
    clearTimeout(timer);
    signal?.removeEventListener("abort", leave);
  }
}
