import type { ReactElement, ReactNode } from "react";

import type { OnError } from "../check.js";
import type { BillingError } from "../errors.js";
import type { Feature } from "../types.js";
import { useBilling } from "./context.js";
import { useEntitlement } from "./hooks.js";

/** Why a gate cannot say. */
export interface GateProblem {
  /**
   * `outage`: the API cannot be had, so nobody knows. `refused`: nobody is signed in, or the person is not a
   * member.
   */
  readonly reason: "outage" | "refused";
  readonly error: BillingError;
  /** Asks anew, unless the API wants a rest. In an outage that happens by itself as well. */
  readonly retry: () => void;
}

/** Props of {@link Gate}. */
export interface GateProps {
  /** The flag that opens it. */
  readonly feature: Feature;
  /** Shown where the plan lacks the feature, and only there: the place for an offer. */
  readonly fallback?: ReactNode;
  /** Shown where nobody knows, because of an outage or a refusal. Default nothing. */
  readonly error?: ReactNode | ((problem: GateProblem) => ReactNode);
  /** Shown while nothing is known yet. Default nothing, so that neither side flashes up. */
  readonly loading?: ReactNode;
  /**
   * What an outage does without an answer that still counts. Default: as the client says, which is
   * `"closed"`.
   */
  readonly onError?: OnError | undefined;
  readonly children?: ReactNode;
}

/**
 * Shows its children to organizations that have a feature. It hides, it does not protect: the server has to
 * ask as well.
 */
export function Gate({
  feature,
  fallback = null,
  error: problem = null,
  loading = null,
  onError,
  children,
}: GateProps): ReactElement {
  const { client, orgId } = useBilling();
  const { enabled, status, error } = useEntitlement(feature, { onError });
  if (enabled) return <>{children}</>;
  if (status === "loading") return <>{loading}</>;
  if (!error || (status !== "outage" && status !== "refused")) return <>{fallback}</>;
  if (typeof problem !== "function") return <>{problem}</>;
  const retry = (): void => void client.getEntitlements(orgId).catch(() => undefined); // it is in the state
  return <>{problem({ reason: status, error, retry })}</>;
}
