import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { BillingClient, EntitlementsState } from "../src/index.js";
import { setUp } from "./support/clients.js";
import { FakeApi, held, ORG, tokenOf } from "./support/fakeApi.js";

describe("a refused token", () => {
  it("is fetched anew, once, and the call goes on", async () => {
    const api = new FakeApi();
    api.plans.set(ORG, "pro");
    api.expired.add(tokenOf("ada", 1));
    const asked: boolean[] = [];
    const { client } = setUp({
      fetch: api.fetch,
      getToken: ({ forceRefresh }) => {
        asked.push(forceRefresh);
        return tokenOf("ada", forceRefresh ? 2 : 1);
      },
    });
    expect((await client.getEntitlements(ORG)).planCode).toBe("pro");
    expect(asked).toEqual([false, true]);
    expect(api.calls).toHaveLength(2);
  });

  it("is not fetched a third time", async () => {
    const { api, client, asked } = setUp();
    api.fail(401, "unauthenticated");
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ code: "unauthenticated", status: 401 });
    expect(asked).toEqual([{ forceRefresh: false }, { forceRefresh: true }]);
    expect(api.calls).toHaveLength(2);
  });

  it("does not bring the last answer back when no new one can be had", async () => {
    const { api } = setUp();
    api.plans.set(ORG, "pro");
    const { client } = setUp({
      fetch: api.fetch,
      getToken: ({ forceRefresh }) => {
        if (forceRefresh) throw new Error("no network");
        return tokenOf("ada");
      },
    });
    await client.getEntitlements(ORG);
    api.fail(401, "unauthenticated");
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ status: 401 });
  });

  it("is refused in the API's own words when there is no other", async () => {
    const { api } = setUp();
    const { client } = setUp({
      fetch: api.fetch,
      getToken: ({ forceRefresh }) => (forceRefresh ? null : tokenOf("ada")),
    });
    api.fail(401, "unauthenticated");
    const refusal = { code: "unauthenticated", status: 401, requestId: "request-1" };
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject(refusal);
    expect(client.getState(ORG)?.error).toMatchObject(refusal);
    await expect(client.openPortal({ orgId: ORG })).rejects.toMatchObject(refusal);
  });

  it("is fetched anew for a checkout as well", async () => {
    const { api, client, asked } = setUp();
    api.next.push(() => Response.json({ success: false, code: "unauthenticated" }, { status: 401 }));
    await client.startCheckout({ orgId: ORG, planCode: "pro", interval: "month" });
    expect(asked).toEqual([{ forceRefresh: false }, { forceRefresh: true }]);
  });
});

describe("another person", () => {
  it("never sees the last one's answer", async () => {
    const { api, client, signIn } = setUp();
    api.plans.set(`ada ${ORG}`, "enterprise");
    api.plans.set(`bob ${ORG}`, "pilot");
    await client.getEntitlements(ORG);
    const states: EntitlementsState[] = [];
    client.subscribe(ORG, (state) => states.push(state));
    signIn(tokenOf("bob"));
    expect((await client.getEntitlements(ORG)).planCode).toBe("pilot");
    expect(api.calls[1]?.headers.get("if-none-match")).toBeNull();
    expect(states.map((state) => state.entitlements?.planCode)).toEqual([undefined, "pilot"]);
  });

  it("does not even in an outage", async () => {
    const { api, client, signIn } = setUp();
    await client.getEntitlements(ORG);
    signIn(tokenOf("bob"));
    api.instead = () => Promise.reject(new TypeError("fetch failed"));
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ code: "network" });
  });

  it("does not join the last one's request, which is refused to them", async () => {
    const { api, client, signIn } = setUp();
    api.plans.set(`bob ${ORG}`, "pro");
    api.next.push(held().answerer);
    const adas = client.getEntitlements(ORG);
    const refused = expect(adas).rejects.toMatchObject({ code: "user_changed", isOutage: false });
    await vi.waitFor(() => expect(api.calls).toHaveLength(1));
    signIn(tokenOf("bob"));
    expect((await client.getEntitlements(ORG)).planCode).toBe("pro");
    await refused;
    expect(client.getState(ORG)?.entitlements?.planCode).toBe("pro");
  });

  it("is not overtaken by a token that was asked for before", async () => {
    const tokens: ((token: string) => void)[] = [];
    const { api } = setUp();
    const { client } = setUp({
      fetch: api.fetch,
      getToken: () => new Promise<string>((resolve) => tokens.push(resolve)),
    });
    const slow = client.getEntitlements(ORG);
    const refused = expect(slow).rejects.toMatchObject({ code: "user_changed" });
    const quick = client.getEntitlements(ORG);
    tokens[1]?.(tokenOf("bob"));
    await quick;
    tokens[0]?.(tokenOf("ada"));
    await refused;
    expect(client.getState(ORG)?.entitlements).toBeDefined();
  });

  it("is the same person with a new token", async () => {
    const { api, client, signIn } = setUp();
    const first = await client.getEntitlements(ORG);
    signIn(tokenOf("ada", 7));
    expect(await client.getEntitlements(ORG)).toBe(first);
    expect(api.calls[1]?.headers.get("if-none-match")).toBe('"pilot"');
  });

  it("is told from the last by the token itself where that is no JWT", async () => {
    const { api } = setUp();
    const body = { success: true, orgId: ORG, entitlements: {} };
    api.instead = () => Response.json(body, { headers: { etag: '"x"' } });
    let token = "opaque-one";
    const { client } = setUp({ fetch: api.fetch, getToken: () => token });
    await client.getEntitlements(ORG);
    token = "opaque-two";
    await client.getEntitlements(ORG);
    expect(api.calls[1]?.headers.get("if-none-match")).toBeNull();
  });
});

describe("nobody", () => {
  it("is refused without a request, and what was known is forgotten", async () => {
    const { api, client, signIn } = setUp();
    await client.getEntitlements(ORG);
    signIn(null);
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ code: "unauthenticated", status: 401 });
    expect(client.getState(ORG)?.entitlements).toBeUndefined();
    expect(await client.hasEntitlement(ORG, "canExportMD", { onError: "open" })).toBe(false);
    expect(api.calls).toHaveLength(1);
  });

  it("is left by clear(), and calls under way are refused", async () => {
    const { api, client } = setUp();
    await client.getEntitlements(ORG);
    const states: EntitlementsState[] = [];
    client.subscribe(ORG, (state) => states.push(state));
    api.next.push(held().answerer, held().answerer);
    const reading = expect(client.getEntitlements(ORG)).rejects.toMatchObject({ code: "user_changed" });
    await vi.waitFor(() => expect(api.calls).toHaveLength(2));
    client.clear();
    await reading;
    expect(states).toEqual([{}]);
    expect(client.getState(ORG)).toEqual({});
  });

  it("has no checkout that is still opening, not even if the same person comes back", async () => {
    const { api, client } = setUp();
    await client.getEntitlements(ORG);
    const slow = held();
    api.next.push(slow.answerer);
    const order = { orgId: ORG, planCode: "pro", interval: "month" } as const;
    const opening = expect(client.startCheckout(order)).rejects.toMatchObject({ code: "user_changed" });
    await vi.waitFor(() => expect(api.calls).toHaveLength(2));
    client.clear();
    await opening;
    await client.getEntitlements(ORG);
  });
});

describe("a token that does not come", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const hung = (): Promise<null> => new Promise(() => undefined);
  const order = { orgId: ORG, planCode: "pro", interval: "month" } as const;
  type Call = (client: BillingClient, signal?: AbortSignal) => Promise<unknown>;
  const calls: readonly [string, Call][] = [
    ["getEntitlements", (client, signal) => client.getEntitlements(ORG, { signal })],
    ["getPlans", (client, signal) => client.getPlans({ orgId: ORG, signal })],
    ["startCheckout", (client, signal) => client.startCheckout(order, { signal })],
    ["openPortal", (client, signal) => client.openPortal({ orgId: ORG }, { signal })],
    ["syncAfterCheckout", (client, signal) => client.syncAfterCheckout(ORG, { signal, timeout: 30_000 })],
  ];

  it.each(calls)("is an outage when the time of %s is up", async (_, call) => {
    const { client } = setUp({ getToken: hung });
    const outcome = expect(call(client)).rejects.toMatchObject({ code: "token_unavailable", isOutage: true });
    await vi.advanceTimersByTimeAsync(30_000);
    await outcome;
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(calls)("does not keep a caller of %s who leaves", async (_, call) => {
    const { client } = setUp({ getToken: hung });
    const controller = new AbortController();
    const outcome = expect(call(client, controller.signal)).rejects.toThrow("left");
    await vi.advanceTimersByTimeAsync(1);
    controller.abort(new Error("left"));
    await outcome;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not hold up what waits for a purchase", async () => {
    const { client } = setUp({ getToken: hung });
    const outcome = expect(client.syncAfterCheckout(ORG, { timeout: 1_000 })).rejects.toMatchObject({
      code: "timeout",
    });
    await vi.advanceTimersByTimeAsync(1_000);
    await outcome;
  });
});
