// For code that runs on a server. Nothing is kept between two calls: the next one may be another person's.

import type { Check, OnError } from "../check.js";
import {
  createBillingClient,
  type BillingClient,
  type BillingClientOptions,
  type CallOptions,
  type CheckOptions,
} from "../client.js";
import { BillingError } from "../errors.js";
import type { Entitlements, Feature } from "../types.js";

/** How a server asks. */
export type ServerBillingOptions = Omit<BillingClientOptions, "staleFor">;

/** Options of a check on a server. */
export interface ServerCheckOptions extends CallOptions {
  /**
   * What comes of no answer. There is no default, because each is wrong somewhere:
   *
   * - `"throw"`: throws the BillingError of an outage or a refusal, for a page that must neither show nor
   *   sell the feature then;
   * - `"closed"`: false, as if the plan lacked it;
   * - `"open"`: true in an outage, false after a refusal.
   */
  readonly onError: OnError | "throw";
}

/** Asks on behalf of whoever sent the request that is being answered. */
export interface ServerBilling extends Pick<
  BillingClient,
  "checkEntitlement" | "getPlans" | "startCheckout" | "openPortal" | "syncAfterCheckout"
> {
  /**
   * Asks what an organization may do. To ask once for a whole page, wrap it in React's `cache`.
   *
   * @throws BillingError
   */
  getEntitlements(orgId: string, options?: CallOptions): Promise<Entitlements>;
  /**
   * Asks whether an organization has a flag. `checkEntitlement` asks the same and tells "not in the plan",
   * "no answer" and "refused" apart.
   *
   * @throws BillingError with `onError: "throw"`.
   */
  hasEntitlement(orgId: string, feature: Feature, options: ServerCheckOptions): Promise<boolean>;
  /**
   * Guards a route: gives nothing if the organization has the flag, else the answer to send. That is a 403
   * `feature_not_in_plan`, or what the billing API refused with (401, 403), or in an outage a 503 with
   * `Retry-After`, which `onError: "open"` lets through. None of them names the API's address.
   */
  requireEntitlement(orgId: string, feature: Feature, options?: CheckOptions): Promise<Response | undefined>;
}

/**
 * Makes it. `getToken` is called for each request, so let it read the cookies of the one that is being
 * answered.
 */
export function createServerBilling(options: ServerBillingOptions): ServerBilling {
  // One for each call: what a client knows is one person's.
  const client = (): BillingClient => createBillingClient({ ...options, staleFor: 0 });
  const check: ServerBilling["checkEntitlement"] = (...asked) => client().checkEntitlement(...asked);

  return {
    checkEntitlement: check,
    getEntitlements: (...asked) => client().getEntitlements(...asked),
    getPlans: (...asked) => client().getPlans(...asked),
    startCheckout: (...order) => client().startCheckout(...order),
    openPortal: (...order) => client().openPortal(...order),
    syncAfterCheckout: (...wait) => client().syncAfterCheckout(...wait),
    hasEntitlement: async (orgId, feature, { onError, signal }) => {
      const { enabled, entitlements, error } = await check(orgId, feature, {
        signal,
        onError: onError === "open" ? "open" : "closed",
      });
      if (onError === "throw" && !entitlements) throw error;
      return enabled;
    },
    requireEntitlement: async (orgId, feature, call) => {
      const found = await check(orgId, feature, call);
      return found.enabled ? undefined : refusal(found);
    },
  };
}

/** In the form of the API's own failures, so that a frontend reads both alike. */
function refusal({ error, status: outcome }: Check): Response {
  if (!error)
    return failure(403, "feature_not_in_plan", "The organization's plan does not include this feature");
  if (outcome === "refused") {
    // The sentence about what is none of the API's answers names the API's address.
    const isOurs = error.code !== "unexpected_response";
    const sentence = isOurs ? error.message : "The request to the billing API was refused on its way";
    return failure(error.status || 401, error.code, sentence, error);
  }
  return failure(503, "entitlements_unavailable", "The entitlements cannot be read at the moment", error);
}

function failure(status: number, code: string, error: string, cause?: BillingError): Response {
  const headers: Record<string, string> = { "content-type": "application/json", "cache-control": "no-store" };
  if (status === 503) headers["retry-after"] = String(Math.ceil((cause?.retryAfter ?? 2_000) / 1000));
  const requestId = cause?.requestId ?? null;
  return new Response(JSON.stringify({ success: false, error, code, requestId }), { status, headers });
}
