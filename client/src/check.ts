// Whether a gate opens, and if not, why. Three things that a page must not mix up: the plan lacks it, nobody
// answered, it was refused.

import type { BillingError } from "./errors.js";
import type { Entitlements, EntitlementsState, Feature } from "./types.js";

/** What a gate does while the API cannot be had and there is no answer that still counts. */
export type OnError = "closed" | "open";

/** The outcome of a check. */
export interface Check {
  /**
   * - `on`: the organization has the feature;
   * - `off`: it does not: offer a plan that has it;
   * - `outage`: nobody knows, because the API cannot be had: offer nothing, the organization may have paid;
   * - `refused`: nobody is signed in, or the person is not a member.
   */
  readonly status: "on" | "off" | "outage" | "refused";
  /** Whether to let through: `on`, or an outage with `onError: "open"`. */
  readonly enabled: boolean;
  /** The answer behind it, if there is one. */
  readonly entitlements: Entitlements | undefined;
  /** Why there is none, or why the one there is may be old. */
  readonly error: BillingError | undefined;
}

/** @internal */
export function judge(feature: Feature, { entitlements, error }: EntitlementsState, onError: OnError): Check {
  const on = entitlements?.entitlements[feature] === true;
  const status = entitlements ? (on ? "on" : "off") : error?.isOutage ? "outage" : "refused";
  return { status, enabled: on || (status === "outage" && onError === "open"), entitlements, error };
}
