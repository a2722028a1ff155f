import { useCallback, useEffect, useState } from "react";

import type { BillingClient } from "../client.js";
import type { BillingError } from "../errors.js";
import type { Entitlements, Plan } from "../types.js";
import { useBilling, type Billing } from "./context.js";
import { FIRST_RETRY, LAST_RETRY, UNSETTLED } from "./keepFresh.js";

/** What {@link usePlans} gives. */
export interface PlansResult {
  /** What is sold, and at which prices; undefined as long as it is not known. */
  readonly plans: readonly Plan[] | undefined;
  /**
   * Whether `action` of each plan still counts: it does not while the organization's plan has changed and the
   * plans are asked for anew.
   */
  readonly current: boolean;
  /** Nothing is known yet. */
  readonly loading: boolean;
  /** Why the newest attempt to ask failed. */
  readonly error: BillingError | undefined;
  /** Asks anew. */
  readonly retry: () => void;
}

interface Known {
  readonly client: BillingClient;
  readonly orgId: string;
  /** Counts the changes of the organization's plan. */
  readonly version: number;
  readonly plans?: readonly Plan[];
  readonly error?: BillingError;
}

/**
 * What is sold to the provider's organization. Asked once, and anew when its plan changes, somebody signs in,
 * or an outage goes on or is over.
 */
export const usePlans = (): PlansResult => usePlansOf(useBilling());

/** The same, and nothing where there is no provider. @internal */
export function usePlansOf(billing: Billing | undefined): PlansResult {
  const { client, orgId, state } = billing ?? {};
  const [known, learn] = useState<Known>();
  const [attempt, setAttempt] = useState(0);
  const content = state?.entitlements && contentOf(state.entitlements);

  const [now, change] = useState({ client, orgId, content, version: 0 });
  if (now.client !== client || now.orgId !== orgId) {
    change({ client, orgId, content, version: now.version + 1 });
  } else if (content && content !== now.content) {
    // The first answer about an organization is no change: the plans were asked for beside it.
    change({ ...now, content, version: now.content ? now.version + 1 : now.version });
  }

  const { version } = now;
  // One that begins or is over; so does a refusal.
  const outage = state?.error?.isOutage;
  useEffect(() => {
    if (!client || !orgId) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    const about = { client, orgId, version };
    let timer: ReturnType<typeof setTimeout>;
    const ask = (retry: number): void => {
      const again = (pause: number): void => {
        timer = setTimeout(() => ask(Math.min(retry * 2, LAST_RETRY)), pause);
      };
      client.getPlans({ orgId, signal }).then(
        (plans) => signal.aborted || learn({ ...about, plans }),
        (error: BillingError) => {
          if (signal.aborted) return;
          if (error.code === "user_changed") return again(UNSETTLED);
          learn((last) => ({ ...(last && isAbout(last, client, orgId) ? last : about), error }));
          if (error.isOutage) again(Math.max(retry, error.retryAfter ?? 0));
        },
      );
    };
    ask(FIRST_RETRY);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [client, orgId, version, attempt, outage]);

  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  const { plans, error } = known && isAbout(known, client, orgId) ? known : ({} as Partial<Known>);
  return { plans, error, current: known?.version === version, loading: !!client && !plans && !error, retry };
}

const isAbout = (known: Known, client?: BillingClient, orgId?: string): boolean =>
  known.client === client && known.orgId === orgId;

/** What an offer depends on. */
const contentOf = ({
  planCode,
  status,
  interval,
  seats,
  cancelAt,
  scheduled,
  canManageBilling,
}: Entitlements): string =>
  JSON.stringify([planCode, status, interval, seats, cancelAt, scheduled, canManageBilling]);
