import type { BillingClient, OnError } from "../client.js";
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
  /** Nothing is known yet: show neither the feature nor an offer to buy it. */
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
  const { client } = useBilling();
  const { entitlements, ...rest } = useEntitlements();
  const opens = (options.onError ?? client.onError) === "open" && rest.error?.isOutage === true;
  return { ...rest, enabled: entitlements ? entitlements.entitlements[feature] === true : opens };
}

/** The provider's client and organization, to start a checkout or open the portal. */
export function useBillingClient(): { readonly client: BillingClient; readonly orgId: string } {
  const { client, orgId } = useBilling();
  return { client, orgId };
}
