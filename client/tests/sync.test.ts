import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { setUp } from "./support/clients.js";
import { answer, failure, ORG } from "./support/fakeApi.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("after checkout", () => {
  it("has the API ask Stripe first, and is done if that shows the purchase", async () => {
    const { api, client } = setUp();
    await client.getEntitlements(ORG);
    api.atStripe = "pro";
    expect((await client.syncAfterCheckout(ORG)).planCode).toBe("pro");
    expect(api.calls.map((call) => `${call.method} ${call.path}`)).toEqual([
      `GET /api/entitlements?orgId=${ORG}`,
      "POST /api/billing/sync",
    ]);
    expect(client.getState(ORG)?.entitlements?.planCode).toBe("pro");
  });

  it("is done at once on a page that was loaded after the purchase", async () => {
    const { api, client } = setUp();
    api.plans.set(ORG, "pro");
    client.seed(answer("pro"));
    expect((await client.syncAfterCheckout(ORG)).planCode).toBe("pro");
    expect(api.calls).toHaveLength(1);
  });

  it("polls with the ETag, and past what the API remembers, until the purchase shows", async () => {
    const { api, client } = setUp();
    await client.getEntitlements(ORG);
    const done = client.syncAfterCheckout(ORG);
    await vi.advanceTimersByTimeAsync(1_200);
    expect(api.calls.map((call) => call.headers.get("if-none-match"))).toEqual([
      null,
      null,
      '"afresh", "pilot"',
      '"afresh", "pilot"',
    ]);
    api.plans.set(ORG, "enterprise");
    await vi.advanceTimersByTimeAsync(500);
    expect((await done).planCode).toBe("enterprise");
    expect(api.calls).toHaveLength(5);
  });

  it("goes on while the first payment is under way", async () => {
    const { api, client } = setUp();
    await client.getEntitlements(ORG);
    api.next.push(() => Response.json({ success: true, ...answer("pilot"), status: "incomplete" }));
    api.plans.set(ORG, "pro");
    const done = client.syncAfterCheckout(ORG);
    await vi.advanceTimersByTimeAsync(500);
    expect((await done).planCode).toBe("pro");
  });

  it.each([
    ["its first payment is under way", { status: "incomplete", interval: "month" }],
    ["its first payment was given up", { status: "incomplete_expired", interval: "month" }],
    ["somebody joins", { seatsUsed: 2 }],
    ["the person becomes an admin", { canManageBilling: true }],
  ])("is not done because %s", async (_, more) => {
    const { api, client } = setUp();
    await client.getEntitlements(ORG);
    api.more = more;
    const done = client.syncAfterCheckout(ORG);
    await vi.advanceTimersByTimeAsync(14_000);
    api.plans.set(ORG, "pro");
    await vi.advanceTimersByTimeAsync(500);
    expect((await done).planCode).toBe("pro");
  });

  it("is done when a flag of an add-on or more seats are there", async () => {
    for (const more of [{ entitlements: { ...answer("pilot").entitlements, hasAPI: true } }, { seats: 3 }]) {
      const { api, client } = setUp();
      await client.getEntitlements(ORG);
      api.more = more;
      expect(await client.syncAfterCheckout(ORG)).toMatchObject(more);
    }
  });

  it("has Stripe asked again every five seconds, as the first attempt may have failed", async () => {
    const { api, client } = setUp();
    api.atStripe = "pro";
    api.next.push(() => failure(502, "stripe_error"));
    const done = client.syncAfterCheckout(ORG);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(api.calls.filter(({ path }) => path === "/api/billing/sync")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100);
    expect((await done).planCode).toBe("pro");
  });

  it("goes on with the tag of what it was told", async () => {
    const { api, client } = setUp();
    api.plans.set(ORG, "pro");
    await client.getEntitlements(ORG);
    api.atStripe = "enterprise";
    await client.syncAfterCheckout(ORG);
    await client.getEntitlements(ORG);
    expect(api.calls[2]?.headers.get("if-none-match")).toBe('"enterprise"');
  });

  it("resolves with what is known when the time is up", async () => {
    const { client } = setUp();
    const done = client.syncAfterCheckout(ORG, { timeout: 2_000 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await done).planCode).toBe("pilot");
  });

  it("does not wait for a request that hangs when the time is up", async () => {
    const { api, client } = setUp();
    const done = client.syncAfterCheckout(ORG, { timeout: 2_000 });
    await vi.advanceTimersByTimeAsync(100);
    api.instead = () => new Promise<Response>(() => undefined);
    await vi.advanceTimersByTimeAsync(1_900);
    expect((await done).planCode).toBe("pilot");
  });

  it("goes on while Stripe is down, because the webhook may come", async () => {
    const { api, client } = setUp();
    api.next.push(() => Response.json({ success: false, code: "stripe_error" }, { status: 502 }));
    api.plans.set(ORG, "pro");
    const done = client.syncAfterCheckout(ORG);
    await vi.advanceTimersByTimeAsync(500);
    expect((await done).planCode).toBe("pro");
  });

  it("throws the failure if there was nothing else", async () => {
    const { api, client } = setUp();
    api.fail(503, "database_unavailable");
    const outcome = expect(client.syncAfterCheckout(ORG, { timeout: 1_000 })).rejects.toMatchObject({
      code: "database_unavailable",
    });
    await vi.advanceTimersByTimeAsync(1_000);
    await outcome;
  });

  it("does not take a stale answer for the purchase", async () => {
    const { api, client } = setUp();
    api.plans.set(ORG, "pro");
    await client.getEntitlements(ORG);
    api.fail(503, "database_unavailable");
    let settled = false;
    const done = client.syncAfterCheckout(ORG, { timeout: 1_800 }).finally(() => (settled = true));
    await vi.advanceTimersByTimeAsync(1_700);
    expect(settled).toBe(false);
    expect(api.calls).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(100);
    expect(await done).toMatchObject({ planCode: "pro", stale: true });
  });

  it("throws at once what the API refuses", async () => {
    const { api, client } = setUp();
    await client.getEntitlements(ORG);
    api.plans.clear();
    await expect(client.syncAfterCheckout(ORG)).rejects.toMatchObject({ code: "not_a_member" });
    expect(api.calls).toHaveLength(2);
    expect(client.getState(ORG)?.entitlements).toBeUndefined();
  });

  it("waits for what it is told to wait for", async () => {
    const { api, client } = setUp();
    api.plans.set(ORG, "pro");
    const done = client.syncAfterCheckout(ORG, { until: (now) => now.entitlements.hasAPI });
    await vi.advanceTimersByTimeAsync(900);
    api.plans.set(ORG, "enterprise");
    await vi.advanceTimersByTimeAsync(500);
    expect((await done).entitlements.hasAPI).toBe(true);
  });

  it("ends with its signal", async () => {
    const { client } = setUp();
    const controller = new AbortController();
    const outcome = expect(client.syncAfterCheckout(ORG, { signal: controller.signal })).rejects.toThrow(
      "left",
    );
    await vi.advanceTimersByTimeAsync(700);
    controller.abort(new Error("left"));
    await outcome;
    await expect(client.syncAfterCheckout(ORG, { signal: controller.signal })).rejects.toThrow("left");
  });
});
