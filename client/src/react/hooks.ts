import { judge, type Check, type OnError } from "../check.js";
import type { BillingClient } from "../client.js";
import type { BillingError } from "../errors.js";
import type { Entitlements, Feature } from "../types.js";
import { useBilling } from "./context.js";

/** What {@link useEntitlements} gives. */
export interface EntitlementsResult {
  /** The organization's entitlements, as far as they are known. */
  readonly entitlements: Entitlements | undefined;
  /** Nothing is known yet. */
  readonly loading: boolean;
  /** Why the newest attempt to ask failed. */
  readonly error: BillingError | undefined;
  /** The API cannot be had, and this is its last answer. */
  readonly stale: boolean;
}

/** What {@link useEntitlement} gives. */
export interface EntitlementResult {
  /** Whether the feature is on. False while nothing is known. */
  readonly enabled: boolean;
  /**
   * As {@link Check} says it; `loading` while nothing is known: show neither the feature nor an offer to buy
   * it.
   */
  readonly status: Check["status"] | "loading";
  /** Nothing is known yet. */
  readonly loading: boolean;
  /** Why the newest attempt to ask failed. */
  readonly error: BillingError | undefined;
  /** The API cannot be had, and this is its last answer. */
  readonly stale: boolean;
}

/** The plan, its dates and all flags of the provider's organization. */
export function useEntitlements(): EntitlementsResult {
  const { entitlements, error } = useBilling().state;
  return { entitlements, error, loading: !entitlements && !error, stale: entitlements?.stale ?? false };
}

/**
 * One flag of the provider's organization. `onError` other than the client's: `"open"` opens in an outage,
 * never after a refusal.
 */
export function useEntitlement(
  feature: Feature,
  options: { readonly onError?: OnError | undefined } = {},
): EntitlementResult {
  const { client, state } = useBilling();
  const { loading, error, stale } = useEntitlements();
  const { status, enabled } = judge(feature, state, options.onError ?? client.onError);
  return { enabled, status: loading ? "loading" : status, loading, error, stale };
}

/** The provider's client and organization, for what has no hook. */
export function useBillingClient(): { readonly client: BillingClient; readonly orgId: string } {
  const { client, orgId } = useBilling();
  return { client, orgId };
}
