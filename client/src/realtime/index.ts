// Supabase Realtime says that something changed; the API says what.

import type { BillingClient } from "../client.js";

/** What is used of a supabase-js channel. */
export interface RealtimeChannel {
  /** Listens to changes of rows. */
  on(
    type: "postgres_changes",
    filter: { event: "*"; schema: string; table: string; filter: string },
    callback: () => unknown,
  ): RealtimeChannel;
  /** Begins. */
  subscribe(callback: (status: string) => void): unknown;
}

/** What is used of a supabase-js client, from 2.20 on. The Realtime of 2.47.0 itself reads no session. */
export interface RealtimeClient {
  /** Opens a channel. */
  channel(name: string): RealtimeChannel;
  /** Closes it. */
  removeChannel(channel: RealtimeChannel): unknown;
  /**
   * If `accessToken` is a function, `setAuth(null)` reads the session with it. Else it is the token, as in
   * 2.46, and `setAuth` replaces it.
   */
  readonly realtime?: { readonly accessToken?: unknown; setAuth(token: string | null): unknown };
  /** Has the session, where Realtime does not read it. */
  readonly auth?: {
    getSession(): Promise<{ readonly data: { readonly session: { readonly access_token: string } | null } }>;
  };
}

// An API that reads a replica of the database may not have heard of the change yet.
const REPLICA = 2_500;

let channels = 0;

/**
 * Asks anew as soon as an organization's entitlements or subscriptions change in the database, and each time
 * the connection is there again. Without a Supabase client it does nothing.
 *
 * @returns ends it.
 */
export function watchEntitlements(
  client: BillingClient,
  supabase: RealtimeClient | null | undefined,
  orgId: string,
): () => void {
  if (!supabase) return () => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  let again = false;
  let over = false;

  // A failure is in the client's state, for whoever subscribes to that.
  const ask = (): Promise<unknown> => client.getEntitlements(orgId, { afresh: true }).catch(() => undefined);

  // One purchase changes several rows: what comes while the API is being asked is asked about once.
  const changed = async (): Promise<void> => {
    again = true;
    if (asking || over) return;
    asking = true;
    clearTimeout(timer);
    const before = client.getState(orgId)?.entitlements;
    while (again && !over) {
      again = false;
      await ask();
    }
    asking = false;
    if (!over && client.getState(orgId)?.entitlements === before) timer = setTimeout(ask, REPLICA);
  };

  // A name of its own: supabase-js gives the same channel for the same name, and one that has begun takes no
  // listeners.
  const channel = supabase.channel(`billing:${orgId}:${++channels}`);
  for (const table of ["entitlements", "subscriptions"]) {
    channel.on(
      "postgres_changes",
      { event: "*", schema: "billing", table, filter: `org_id=eq.${orgId}` },
      changed,
    );
  }
  // A channel that joins before the session was read joins as nobody, and stays so: it would hear nothing.
  void Promise.allSettled([signIn(supabase)]).then(() => {
    if (!over)
      channel.subscribe((status) => {
        if (status === "SUBSCRIBED") void changed();
      });
  });
  return () => {
    over = true;
    clearTimeout(timer);
    void supabase.removeChannel(channel);
  };
}

/** Has Realtime speak for the person who is signed in. */
async function signIn({ realtime, auth }: RealtimeClient): Promise<void> {
  if (typeof realtime?.accessToken === "function") return void (await realtime.setAuth(null));
  // This one takes whatever it is given for the token, also nothing.
  const session = (await auth?.getSession())?.data.session;
  if (session) realtime?.setAuth(session.access_token);
}
