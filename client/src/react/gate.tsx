import type { ReactElement, ReactNode } from "react";

import type { OnError } from "../client.js";
import type { Feature } from "../types.js";
import { useEntitlement } from "./hooks.js";

/** Props of {@link Gate}. */
export interface GateProps {
  /** The flag that opens it. */
  readonly feature: Feature;
  /** Shown instead of the children while it is closed, such as an offer. */
  readonly fallback?: ReactNode;
  /** Shown while nothing is known. Default nothing, so that neither side flashes up. */
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
  loading = null,
  onError,
  children,
}: GateProps): ReactElement {
  const gate = useEntitlement(feature, { onError });
  return <>{gate.loading ? loading : gate.enabled ? children : fallback}</>;
}
