import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { watchEntitlements, type RealtimeChannel, type RealtimeClient } from "../src/realtime/index.js";
import { setUp } from "./support/clients.js";
import { held, ORG } from "./support/fakeApi.js";

class FakeSupabase implements RealtimeClient {
  readonly names: string[] = [];
  readonly filters: unknown[] = [];
  readonly listeners: (() => unknown)[] = [];
  status: (status: string) => void = () => undefined;
  realtime?: NonNullable<RealtimeClient["realtime"]>;
  auth?: NonNullable<RealtimeClient["auth"]>;
  removed = 0;

  channel(name: string): RealtimeChannel {
    this.names.push(name);
    const channel: RealtimeChannel = {
      on: (type, filter, callback) => {
        this.filters.push({ type, ...filter });
        this.listeners.push(callback);
        return channel;
      },
      subscribe: (callback) => (this.status = callback),
    };
    return channel;
  }

  removeChannel(): void {
    this.removed++;
  }

  change(): void {
    this.listeners.forEach((listener) => listener());
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

it("listens to both tables of the organization", () => {
  const { client } = setUp();
  const supabase = new FakeSupabase();
  watchEntitlements(client, supabase, ORG);
  const common = { type: "postgres_changes", event: "*", schema: "billing", filter: `org_id=eq.${ORG}` };
  expect(supabase.filters).toEqual([
    { ...common, table: "entitlements" },
    { ...common, table: "subscriptions" },
  ]);
});

it("asks anew as soon as something changes", async () => {
  const { api, client } = setUp();
  const supabase = new FakeSupabase();
  watchEntitlements(client, supabase, ORG);
  await client.getEntitlements(ORG);
  api.plans.set(ORG, "pro");
  supabase.change();
  await settle();
  expect(client.getState(ORG)?.entitlements?.planCode).toBe("pro");
  expect(vi.getTimerCount()).toBe(0);
});

it("does not trust a request that was under way, and asks once about a burst of changes", async () => {
  const { api, client } = setUp();
  const supabase = new FakeSupabase();
  watchEntitlements(client, supabase, ORG);
  api.next.push(held().answerer, held().answerer);
  void client.getEntitlements(ORG);
  await settle();
  supabase.change();
  supabase.change();
  supabase.change();
  await settle();
  expect(api.calls).toHaveLength(2);
});

it("asks once more when nothing seems to have changed: the API may have answered from memory", async () => {
  const { api, client } = setUp();
  const supabase = new FakeSupabase();
  watchEntitlements(client, supabase, ORG);
  await client.getEntitlements(ORG);
  supabase.listeners[0]?.();
  await settle();
  api.plans.set(ORG, "pro");
  await vi.advanceTimersByTimeAsync(2_500);
  expect(client.getState(ORG)?.entitlements?.planCode).toBe("pro");
  expect(vi.getTimerCount()).toBe(0);
});

it("asks when the connection is there again: what happened meanwhile was not heard", async () => {
  const { api, client } = setUp();
  const supabase = new FakeSupabase();
  watchEntitlements(client, supabase, ORG);
  supabase.status("CHANNEL_ERROR");
  await settle();
  expect(api.calls).toHaveLength(0);
  supabase.status("SUBSCRIBED");
  await settle();
  expect(api.calls).toHaveLength(1);
});

it("outlives a failure of the API", async () => {
  const { api, client } = setUp();
  const supabase = new FakeSupabase();
  watchEntitlements(client, supabase, ORG);
  api.next.push(() => Promise.reject(new TypeError("fetch failed")));
  supabase.listeners[0]?.();
  await settle();
  expect(client.getState(ORG)?.error?.code).toBe("network");
  supabase.listeners[0]?.();
  await settle();
  expect(client.getState(ORG)?.entitlements?.planCode).toBe("pilot");
});

it("uses a channel of its own each time and closes it", async () => {
  const { api, client } = setUp();
  const supabase = new FakeSupabase();
  watchEntitlements(client, supabase, ORG)();
  watchEntitlements(client, supabase, ORG);
  expect(new Set(supabase.names).size).toBe(2);
  expect(supabase.removed).toBe(1);
  supabase.listeners[0]?.();
  await settle();
  expect(api.calls).toHaveLength(0);
});

it("joins once the session was read, also if that fails, and not after its end", async () => {
  const { client } = setUp();
  const begun = async (setAuth: () => unknown): Promise<boolean> => {
    const supabase = new FakeSupabase();
    supabase.realtime = { accessToken: () => undefined, setAuth };
    const before = supabase.status;
    watchEntitlements(client, supabase, ORG);
    await settle();
    return supabase.status !== before;
  };
  expect(await begun(() => new Promise(() => undefined))).toBe(false);
  expect(await begun(() => Promise.resolve())).toBe(true);
  expect(await begun(() => Promise.reject(new Error("no session")))).toBe(true);
  const supabase = new FakeSupabase();
  const before = supabase.status;
  watchEntitlements(client, supabase, ORG)();
  await settle();
  expect(supabase.status).toBe(before);
});

describe("a supabase-js that takes what it is given for the token", () => {
  /** The token that the channel joins with. */
  async function joined(getSession: NonNullable<RealtimeClient["auth"]>["getSession"]): Promise<unknown> {
    const { client } = setUp();
    const supabase = new FakeSupabase();
    const before = supabase.status;
    const realtime = {
      accessToken: "former" as string | null,
      setAuth: (token: string | null) => (realtime.accessToken = token),
    };
    Object.assign(supabase, { realtime, auth: { getSession } });
    watchEntitlements(client, supabase, ORG);
    await settle();
    expect(supabase.status).not.toBe(before);
    return realtime.accessToken;
  }

  it("is given that of the session, before the channel joins", async () => {
    const session = { access_token: "ada" };
    expect(await joined(() => Promise.resolve({ data: { session } }))).toBe("ada");
  });

  it("keeps the one it has if no session can be had", async () => {
    expect(await joined(() => Promise.resolve({ data: { session: null } }))).toBe("former");
    expect(await joined(() => Promise.reject(new Error("no network")))).toBe("former");
    expect(
      await joined(() => {
        throw new Error("accessing supabase.auth.getSession is not possible");
      }),
    ).toBe("former");
  });
});

it("does nothing without Supabase", () => {
  const { api, client } = setUp();
  watchEntitlements(client, undefined, ORG)();
  expect(api.calls).toHaveLength(0);
});
