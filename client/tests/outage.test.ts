import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { BillingError } from "../src/index.js";
import { setUp, type Setup } from "./support/clients.js";
import { failure, ORG } from "./support/fakeApi.js";

const HOUR = 3_600_000;
const unreachable = (): never => {
  throw new TypeError("fetch failed");
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client that has seen Pro. */
async function paying(options: Parameters<typeof setUp>[0] = {}): Promise<Setup> {
  const made = setUp(options);
  made.api.plans.set(ORG, "pro");
  await made.client.getEntitlements(ORG);
  return made;
}

describe("in an outage", () => {
  it.each([
    ["the network is down", unreachable],
    [
      "the database is down",
      () => Response.json({ success: false, code: "database_unavailable" }, { status: 503 }),
    ],
    ["something is ours to mend", () => Response.json({ success: false, code: "internal" }, { status: 500 })],
    ["a proxy answers with a page", () => new Response("<html>", { status: 502 })],
    ["a hotel's sign-in page answers", () => new Response("<html>", { status: 200 })],
    ["API Gateway throttles", () => Response.json({ message: "Too Many Requests" }, { status: 429 })],
    ...[404, 405, 407, 408, 421, 451].map((status): [string, () => Response] => [
      `what stands between answers ${status} with a page`,
      () => new Response("<html>", { status }),
    ]),
  ])("uses the last answer and says that it is stale: %s", async (_, answerer) => {
    const { api, client } = await paying();
    api.instead = answerer;
    expect(await client.getEntitlements(ORG)).toMatchObject({ planCode: "pro", stale: true });
    expect(await client.hasEntitlement(ORG, "canExportPDF")).toBe(true);
    expect(client.getState(ORG)?.error).toBeInstanceOf(BillingError);
    api.instead = undefined;
    expect(await client.getEntitlements(ORG)).toMatchObject({ stale: false });
    expect(client.getState(ORG)?.error).toBeUndefined();
  });

  it("gives the same stale object each time", async () => {
    const { api, client } = await paying();
    api.instead = unreachable;
    expect(await client.getEntitlements(ORG)).toBe(await client.getEntitlements(ORG));
  });

  it("uses it for an hour and no longer", async () => {
    const { api, client } = await paying();
    api.instead = unreachable;
    vi.advanceTimersByTime(HOUR - 1);
    expect((await client.getEntitlements(ORG)).stale).toBe(true);
    vi.advanceTimersByTime(1);
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ code: "network", status: 0 });
    expect(await client.hasEntitlement(ORG, "canExportPDF")).toBe(false);
    expect(client.getState(ORG)?.entitlements).toBeUndefined();
  });

  it("counts the hour from the last 304, not from the first answer", async () => {
    const { api, client } = await paying();
    vi.advanceTimersByTime(HOUR / 2);
    await client.getEntitlements(ORG);
    vi.advanceTimersByTime(HOUR - 1);
    api.instead = unreachable;
    expect((await client.getEntitlements(ORG)).stale).toBe(true);
  });

  it("uses it as long as staleFor says", async () => {
    const { api, client } = await paying({ staleFor: 0 });
    api.instead = unreachable;
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ code: "network" });
  });

  it("goes on with the last answer when no token can be had", async () => {
    let broken = false;
    const { api } = setUp();
    const made = setUp({
      fetch: api.fetch,
      getToken: () => {
        if (broken) throw new Error("no network");
        return "opaque";
      },
    });
    api.instead = () => Response.json({ success: true, orgId: ORG, planCode: "pro", entitlements: {} });
    await made.client.getEntitlements(ORG);
    broken = true;
    expect(await made.client.getEntitlements(ORG)).toMatchObject({ planCode: "pro", stale: true });
  });

  it("gives up after the timeout, and says so", async () => {
    const { api, client } = setUp({ timeout: 3_000 });
    api.instead = () => new Promise<Response>(() => undefined);
    const asking = client.getEntitlements(ORG);
    const outcome = expect(asking).rejects.toMatchObject({
      code: "timeout",
      status: 0,
      message: "No answer from http://api.test within 3000 ms",
    });
    await vi.advanceTimersByTimeAsync(3_000);
    await outcome;
  });

  it("gives Stripe three times as long", async () => {
    const { api, client } = setUp({ timeout: 3_000 });
    api.instead = () => new Promise<Response>(() => undefined);
    const outcome = expect(client.openPortal({ orgId: ORG })).rejects.toMatchObject({
      message: "No answer from http://api.test within 9000 ms",
    });
    await vi.advanceTimersByTimeAsync(9_000);
    await outcome;
  });

  it("leaves no timer behind", async () => {
    await paying();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("Retry-After", () => {
  it("is told in milliseconds", async () => {
    const { api, client } = setUp();
    api.fail(503, "database_unavailable", { "retry-after": "2" });
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({
      code: "database_unavailable",
      status: 503,
      requestId: "request-1",
      retryAfter: 2_000,
      isOutage: true,
    });
  });

  it("may be a date", async () => {
    vi.setSystemTime("2026-11-22T21:00:00Z");
    const { api, client } = setUp();
    api.fail(503, "database_unavailable", { "retry-after": "Sun, 22 Nov 2026 21:00:30 GMT" });
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ retryAfter: 30_000 });
  });

  it("lets the API rest until then, with the last answer meanwhile", async () => {
    const { api, client } = await paying();
    api.fail(503, "database_unavailable", { "retry-after": "2" });
    await client.getEntitlements(ORG);
    expect(api.calls).toHaveLength(2);
    vi.advanceTimersByTime(1_999);
    expect(await client.getEntitlements(ORG)).toMatchObject({ planCode: "pro", stale: true });
    expect(api.calls).toHaveLength(2);
    vi.advanceTimersByTime(1);
    api.instead = undefined;
    expect(await client.getEntitlements(ORG)).toMatchObject({ planCode: "pro", stale: false });
    expect(api.calls).toHaveLength(3);
  });

  it("lets it rest without an answer too, and the gate stays closed", async () => {
    const { api, client } = setUp();
    api.fail(503, "database_unavailable", { "retry-after": "2" });
    await expect(client.getEntitlements(ORG)).rejects.toThrow(BillingError);
    expect(await client.hasEntitlement(ORG, "canExportMD")).toBe(false);
    expect(api.calls).toHaveLength(1);
  });
});

describe("a gate", () => {
  it("never opens on an error", async () => {
    const { api, client } = setUp();
    api.instead = unreachable;
    expect(await client.hasEntitlement(ORG, "canExportMD")).toBe(false);
  });

  it("opens in an outage if the caller says so, and on a plan that lacks it never", async () => {
    const { api, client } = setUp({ onError: "open" });
    expect(await client.hasEntitlement(ORG, "hasAPI")).toBe(false);
    vi.advanceTimersByTime(HOUR + 1);
    api.instead = unreachable;
    expect(await client.hasEntitlement(ORG, "hasAPI")).toBe(true);
    expect(await client.hasEntitlement(ORG, "hasAPI", { onError: "closed" })).toBe(false);
  });

  it.each([
    [401, "unauthenticated"],
    [403, "not_a_member"],
    [400, "invalid_org_id"],
  ] as const)("stays closed on a %i even then", async (status, code) => {
    const { api, client } = setUp({ onError: "open" });
    api.fail(status, code);
    expect(await client.hasEntitlement(ORG, "hasAPI")).toBe(false);
  });

  it("stays closed for a flag that only JavaScript can ask for", async () => {
    const { client } = setUp();
    expect(await client.hasEntitlement(ORG, "toString" as "hasAPI")).toBe(false);
  });
});

describe("a clock that is wrong", () => {
  const DAY = 86_400_000;

  it("does not make an answer count for longer", async () => {
    const { api, client } = await paying();
    api.instead = unreachable;
    expect(await client.getEntitlements(ORG)).toMatchObject({ stale: true });
    vi.setSystemTime(Date.now() - DAY);
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ code: "network" });
  });

  it("does not make the API's rest longer, nor does a proxy that wants an hour", async () => {
    const { api, client } = await paying();
    api.next.push(() => failure(503, "database_unavailable", { "retry-after": "2" }));
    expect(await client.getEntitlements(ORG)).toMatchObject({ stale: true });
    vi.setSystemTime(Date.now() - DAY);
    expect(await client.getEntitlements(ORG)).toMatchObject({ stale: false });

    for (const later of ["3000000", "Sun, 22 Nov 2037 21:00:30 GMT"]) {
      api.next.push(() => failure(503, "database_unavailable", { "retry-after": later }));
      expect(await client.getEntitlements(ORG)).toMatchObject({ stale: true });
      expect(client.getState(ORG)?.error?.retryAfter).toBe(60_000);
      vi.setSystemTime(Date.now() + 60_000);
      expect(await client.getEntitlements(ORG)).toMatchObject({ stale: false });
    }
  });
});

describe("a refusal", () => {
  it.each([
    [401, "unauthenticated"],
    [403, "not_a_member"],
  ] as const)("with %i ends the use of the last answer", async (status, code) => {
    const { api, client } = await paying();
    api.fail(status, code);
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ status, code, isOutage: false });
    expect(client.getState(ORG)?.entitlements).toBeUndefined();
    api.instead = unreachable;
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ code: "network" });
  });

  it.each([401, 403])("with %i counts also as a page of what stands between", async (status) => {
    const { api, client } = await paying();
    api.instead = () => new Response("<html>", { status });
    const error = { status, code: "unexpected_response", isOutage: false };
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject(error);
    expect(client.getState(ORG)?.entitlements).toBeUndefined();
  });
});
