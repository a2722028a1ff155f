import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
  type ReactElement,
  type ReactNode,
} from "react";

import type { BillingClient } from "../client.js";
import { watchEntitlements, type RealtimeClient } from "../realtime/index.js";
import type { Entitlements, EntitlementsState } from "../types.js";
import { BillingContext } from "./context.js";
import { keepFresh } from "./keepFresh.js";

/** Props of {@link BillingProvider}. */
export interface BillingProviderProps {
  /** The page's client. Make it once, outside of components. */
  readonly client: BillingClient;
  /** The organization that is looked at. */
  readonly orgId: string;
  /**
   * The answer that the server rendered with, so that the first paint is right. One of another organization
   * is passed over.
   */
  readonly initialEntitlements?: Entitlements | undefined;
  /**
   * A supabase-js client: changes in the database show at once. Without one they show when the page is looked
   * at again.
   */
  readonly realtime?: RealtimeClient | null | undefined;
  /**
   * Leads to a page of Stripe's, for a page that is not left by its address, as in a native shell or a test.
   * Default `location.assign`.
   */
  readonly navigate?: ((url: string) => void) | undefined;
  /**
   * Called with each answer that differs from the last one, and from the one that the server rendered with.
   * With Next.js, `router.refresh` lets the server's part of the page follow.
   */
  readonly onChange?: ((now: Entitlements) => void) | undefined;
  readonly children?: ReactNode;
}

const NOTHING: EntitlementsState = {};
const leave = (url: string): void => window.location.assign(url);

/** Keeps an organization's entitlements fresh for all components inside. */
export function BillingProvider(props: BillingProviderProps): ReactElement {
  const { client, orgId, initialEntitlements, realtime, navigate = leave, onChange, children } = props;
  // Not put into the client while rendering: on a server that is everybody's.
  const initial = useMemo<EntitlementsState>(
    () => (initialEntitlements?.orgId === orgId ? { entitlements: initialEntitlements } : NOTHING),
    [initialEntitlements, orgId],
  );
  const subscribe = useCallback((listener: () => void) => client.subscribe(orgId, listener), [client, orgId]);
  const state = useSyncExternalStore(
    subscribe,
    () => client.getState(orgId) ?? initial,
    () => initial,
  );

  useEffect(() => {
    if (initial.entitlements) client.seed(initial.entitlements);
  }, [client, initial]);
  useEffect(() => keepFresh(client, orgId), [client, orgId]);
  useEffect(() => watchEntitlements(client, realtime, orgId), [client, realtime, orgId]);

  const shown = useRef<Entitlements>(undefined);
  useEffect(() => {
    const { entitlements: now } = state;
    if (!now || now.stale) return;
    const isNew = now !== shown.current && now !== initial.entitlements;
    shown.current = now;
    if (isNew) onChange?.(now);
  }, [state, initial, onChange]);

  const billing = useMemo(() => ({ client, orgId, state, navigate }), [client, orgId, state, navigate]);
  return <BillingContext.Provider value={billing}>{children}</BillingContext.Provider>;
}
