import { useEffect, useRef, useState } from "react";

import type { BillingClient } from "../client.js";
import type { BillingError } from "../errors.js";
import { arrived, type SyncOptions } from "../sync.js";
import type { Entitlements } from "../types.js";
import { useBilling } from "./context.js";

const FIRST_LOOK = 5_000;
const LAST_LOOK = 60_000;

/** What {@link useAfterCheckout} waits for, and for how long. */
export type AfterCheckoutOptions = Pick<SyncOptions, "until" | "timeout">;

/** What {@link useAfterCheckout} gives. */
export interface AfterCheckout {
  /**
   * - `waiting`: for the payment to be confirmed;
   * - `active`: the purchase is there;
   * - `pending`: it is not, as with a bank that takes its time. It becomes `active` by itself;
   * - `outage`: nobody knows, because the API cannot be had. It goes on by itself;
   * - `refused`: nobody is signed in, or the person is not a member.
   */
  readonly status: "waiting" | "active" | "pending" | "outage" | "refused";
  /** What the organization has, as far as it is known. */
  readonly entitlements: Entitlements | undefined;
  /** Why the newest attempt to ask failed. */
  readonly error: BillingError | undefined;
}

interface Wait {
  readonly client: BillingClient;
  readonly orgId: string;
  readonly before: Entitlements | undefined;
  readonly isOver: boolean;
}

/**
 * For the page that Stripe leads back to: has the API ask Stripe, waits until the purchase shows, and looks
 * on when that takes longer.
 */
export function useAfterCheckout(options: AfterCheckoutOptions = {}): AfterCheckout {
  const { client, orgId, state } = useBilling();
  const { until = arrived, timeout } = options;
  const { entitlements, error } = state;

  const begin = (): Wait => ({ client, orgId, before: client.getState(orgId)?.entitlements, isOver: false });
  const [known, setWait] = useState(begin);
  let wait = known;
  if (wait.client !== client || wait.orgId !== orgId) setWait((wait = begin()));

  const isThere = entitlements && !entitlements.stale && until(entitlements, wait.before);
  const status = isThere
    ? "active"
    : !wait.isOver
      ? "waiting"
      : error && !error.isOutage
        ? "refused"
        : entitlements && !entitlements.stale
          ? "pending"
          : "outage";

  // A page may write it inline: a new function with each render does not begin the wait anew.
  const wanted = useRef(until);
  useEffect(() => void (wanted.current = until));

  const { before } = wait;
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    // What comes of it is in the state.
    const over = (): void => {
      if (!signal.aborted) setWait((last) => ({ ...last, isOver: true }));
    };
    client
      .syncAfterCheckout(orgId, { signal, timeout, before, until: (...asked) => wanted.current(...asked) })
      .then(over, over);
    return () => controller.abort();
  }, [client, orgId, before, timeout]);

  useEffect(() => {
    if (status !== "pending") return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    let timer: ReturnType<typeof setTimeout>;
    const look = (pause: number): void => {
      timer = setTimeout(() => {
        // Stripe, too: its event may be lost, or was the first to fail. What comes of it is in the state.
        client.syncAfterCheckout(orgId, { signal, until: () => true }).catch(() => undefined);
        look(Math.min(pause * 2, LAST_LOOK));
      }, pause);
    };
    look(FIRST_LOOK);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [client, orgId, status]);

  return { status, entitlements, error };
}
