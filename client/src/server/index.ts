// For code that runs on a server. Nothing is kept between two calls: the next one may be another person's.

import {
  createBillingClient,
  type BillingClientOptions,
  type CallOptions,
  type CheckOptions,
} from "../client.js";
import { BillingError } from "../errors.js";
import type { Entitlements, Feature } from "../types.js";

/** How a server asks. */
export type ServerBillingOptions = Omit<BillingClientOptions, "staleFor">;

/** Asks on behalf of whoever sent the request that is being answered. */
export interface ServerBilling {
  /**
   * Asks what an organization may do. To ask once for a whole page, wrap it in React's `cache`.
   *
   * @throws BillingError
   */
  getEntitlements(orgId: string, options?: CallOptions): Promise<Entitlements>;
  /**
   * Asks whether an organization has a flag. Does not throw, except the reason of an aborted signal: no
   * answer is a no.
   */
  hasEntitlement(orgId: string, feature: Feature, options?: CheckOptions): Promise<boolean>;
  /**
   * Guards a route: gives nothing if the organization has the flag, else the answer to send. That is a 403
   * `feature_not_in_plan`, or what the billing API refused with (401, 403), or in an outage a 503 with
   * `Retry-After`.
   */
  requireEntitlement(orgId: string, feature: Feature, options?: CheckOptions): Promise<Response | undefined>;
}

/**
 * Makes it. `getToken` is called for each request, so let it read the cookies of the one that is being
 * answered.
 */
export function createServerBilling(options: ServerBillingOptions): ServerBilling {
  const client = (): ReturnType<typeof createBillingClient> =>
    createBillingClient({ ...options, staleFor: 0 });
  const onError = options.onError ?? "closed";

  return {
    getEntitlements: (orgId, call) => client().getEntitlements(orgId, call),
    hasEntitlement: (orgId, feature, call) => client().hasEntitlement(orgId, feature, call),
    requireEntitlement: async (orgId, feature, call = {}) => {
      try {
        const { entitlements } = await client().getEntitlements(orgId, { signal: call.signal });
        if (entitlements[feature] === true) return undefined;
        return failure(403, "feature_not_in_plan", "The organization's plan does not include this feature");
      } catch (error) {
        if (!(error instanceof BillingError)) throw error;
        if (!error.isOutage) return failure(error.status || 401, error.code, error.message, error);
        if ((call.onError ?? onError) === "open") return undefined;
        return failure(
          503,
          "entitlements_unavailable",
          "The entitlements cannot be read at the moment",
          error,
        );
      }
    },
  };
}

/** In the form of the API's own failures, so that a frontend reads both alike. */
function failure(status: number, code: string, error: string, cause?: BillingError): Response {
  const headers: Record<string, string> = { "content-type": "application/json", "cache-control": "no-store" };
  if (status === 503) headers["retry-after"] = String(Math.ceil((cause?.retryAfter ?? 2_000) / 1000));
  const requestId = cause?.requestId ?? null;
  return new Response(JSON.stringify({ success: false, error, code, requestId }), { status, headers });
}
