import { describe, expect, it, vi } from "vitest";

import type { EntitlementsState } from "../src/index.js";
import { answer, held, ORG, OTHER_ORG } from "./support/fakeApi.js";
import { setUp } from "./support/clients.js";

describe("reading", () => {
  it("believes no answer about another organization", async () => {
    const { api, client } = setUp();
    api.next.push(() => Response.json({ success: true, ...answer("enterprise", OTHER_ORG) }));
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ code: "unexpected_response" });
    expect(client.getState(ORG)?.entitlements).toBeUndefined();
    api.plans.set(ORG.toUpperCase(), "pro");
    api.next.push(() => Response.json({ success: true, ...answer("pro") }));
    expect((await client.getEntitlements(ORG.toUpperCase())).planCode).toBe("pro");
  });

  it("asks the API with the person's token", async () => {
    const { api, client } = setUp();
    const entitlements = await client.getEntitlements(ORG);
    expect(entitlements).toMatchObject({ orgId: ORG, planCode: "pilot", stale: false });
    expect(entitlements).not.toHaveProperty("success");
    expect(api.calls[0]).toMatchObject({ method: "GET", path: `/api/entitlements?orgId=${ORG}` });
    expect(api.calls[0]?.headers.get("authorization")).toMatch(/^Bearer e30\./);
  });

  it("escapes what it puts into an address", async () => {
    const { api, client } = setUp();
    await client.getEntitlements("a&b=c").catch(() => undefined);
    expect(api.calls[0]?.path).toBe("/api/entitlements?orgId=a%26b%3Dc");
  });

  it("shares one request among those who ask at the same time", async () => {
    const { api, client } = setUp();
    const all = await Promise.all([
      client.getEntitlements(ORG),
      client.getEntitlements(ORG),
      client.hasEntitlement(ORG, "canExportMD"),
    ]);
    expect(api.calls).toHaveLength(1);
    expect(all[0]).toBe(all[1]);
    expect(all[2]).toBe(true);
  });

  it("does not share between organizations", async () => {
    const { api, client } = setUp();
    api.plans.set(OTHER_ORG, "pro");
    const [one, other] = await Promise.all([client.getEntitlements(ORG), client.getEntitlements(OTHER_ORG)]);
    expect([one.planCode, other.planCode]).toEqual(["pilot", "pro"]);
  });

  it("joins no request under way when asked afresh, and the older answer does not come back", async () => {
    const { api, client } = setUp();
    const slow = held();
    api.next.push(slow.answerer);
    const older = client.getEntitlements(ORG);
    await vi.waitFor(() => expect(api.calls).toHaveLength(1));
    const pilot = await api.answer({ ...api.calls[0]! }, new URL(api.calls[0]!.path, "http://api.test"));
    api.plans.set(ORG, "pro");
    expect((await client.getEntitlements(ORG, { afresh: true })).planCode).toBe("pro");
    slow.release(pilot);
    expect((await older).planCode).toBe("pro");
    expect(client.getState(ORG)?.entitlements?.planCode).toBe("pro");
  });

  it("gives nobody an older answer than a refusal", async () => {
    const { api, client } = setUp();
    const slow = held();
    api.next.push(slow.answerer);
    const older = client.getEntitlements(ORG);
    const refused = expect(older).rejects.toMatchObject({ code: "not_a_member" });
    await vi.waitFor(() => expect(api.calls).toHaveLength(1));
    api.plans.clear();
    await expect(client.getEntitlements(ORG, { afresh: true })).rejects.toMatchObject({
      code: "not_a_member",
    });
    slow.release(Response.json({ success: true, ...answer("enterprise") }));
    await refused;
  });

  it("takes an answer that comes after an outage began", async () => {
    const { api, client } = setUp();
    const slow = held();
    api.next.push(slow.answerer, () => Promise.reject(new TypeError("fetch failed")));
    const older = client.getEntitlements(ORG);
    await vi.waitFor(() => expect(api.calls).toHaveLength(1));
    await expect(client.getEntitlements(ORG, { afresh: true })).rejects.toMatchObject({ code: "network" });
    slow.release(Response.json({ success: true, ...answer("pro") }));
    expect((await older).planCode).toBe("pro");
    expect(client.getState(ORG)?.error).toBeUndefined();
  });

  it("revalidates with the ETag and keeps the same object on a 304", async () => {
    const { api, client } = setUp();
    const first = await client.getEntitlements(ORG);
    const second = await client.getEntitlements(ORG);
    expect(api.calls[1]?.headers.get("if-none-match")).toBe('"pilot"');
    expect(second).toBe(first);
  });

  it("takes a changed answer", async () => {
    const { api, client } = setUp();
    await client.getEntitlements(ORG);
    api.plans.set(ORG, "pro");
    expect((await client.getEntitlements(ORG)).planCode).toBe("pro");
  });

  it("tells subscribers of changes and of nothing else", async () => {
    const { api, client } = setUp();
    const states: EntitlementsState[] = [];
    const stop = client.subscribe(ORG, (state) => states.push(state));
    expect(client.getState(ORG)).toBeUndefined();
    await client.getEntitlements(ORG);
    await client.getEntitlements(ORG);
    api.plans.set(ORG, "pro");
    await client.getEntitlements(ORG);
    stop();
    api.plans.set(ORG, "enterprise");
    await client.getEntitlements(ORG);
    expect(states.map((state) => state.entitlements?.planCode)).toEqual(["pilot", "pro"]);
  });

  it.each([
    ["reportError, where there is one", true],
    ["a microtask, where there is not", false],
  ])("answers, and tells the other listeners, though one throws: it is heard of by %s", async (_, has) => {
    const { client } = setUp();
    const heard: unknown[] = [];
    const report = (error: unknown): void => void heard.push(error);
    vi.stubGlobal("reportError", has ? report : undefined);
    if (!has)
      vi.stubGlobal("queueMicrotask", (task: () => void) => Promise.resolve().then(task).catch(report));
    const broken = new Error("The listener is broken");
    const plans: unknown[] = [];
    client.subscribe(ORG, () => {
      throw broken;
    });
    client.subscribe(ORG, ({ entitlements }) => plans.push(entitlements?.planCode));
    expect((await client.getEntitlements(ORG)).planCode).toBe("pilot");
    client.clear();
    expect(plans).toEqual(["pilot", undefined]);
    await vi.waitFor(() => expect(heard).toEqual([broken, broken]));
  });

  it("begins with a seeded answer and keeps the object if the API says the same", async () => {
    const { client } = setUp();
    const server = await setUp().client.getEntitlements(ORG);
    client.seed(server);
    expect(client.getState(ORG)?.entitlements).toBe(server);
    expect(await client.getEntitlements(ORG)).toBe(server);
  });

  it("does not let a seed replace an answer of its own", async () => {
    const { api, client } = setUp();
    const old = await client.getEntitlements(ORG);
    api.plans.set(ORG, "pro");
    await client.getEntitlements(ORG);
    client.seed(old);
    expect(client.getState(ORG)?.entitlements?.planCode).toBe("pro");
  });
});

describe("aborting", () => {
  it("ends the wait of the one who aborts and of nobody else", async () => {
    const { api, client } = setUp();
    const slow = held();
    api.next.push(slow.answerer);
    const controller = new AbortController();
    const leaving = client.getEntitlements(ORG, { signal: controller.signal });
    const staying = client.getEntitlements(ORG);
    await vi.waitFor(() => expect(api.calls).toHaveLength(1));
    controller.abort(new Error("left"));
    await expect(leaving).rejects.toThrow("left");
    slow.release(await api.answer({ ...api.calls[0]! }, new URL(api.calls[0]!.path, "http://api.test")));
    expect((await staying).planCode).toBe("pilot");
    expect(api.calls).toHaveLength(1);
  });

  it("ends the request when everybody has left, and the next one asks anew", async () => {
    const { api, client } = setUp();
    let ended = false;
    const fetch: typeof globalThis.fetch = (input, init) => {
      init?.signal?.addEventListener("abort", () => (ended = true));
      return api.fetch(input, init);
    };
    const other = setUp({ fetch }).client;
    api.next.push(held().answerer);
    const controller = new AbortController();
    const leaving = other.getEntitlements(ORG, { signal: controller.signal });
    await vi.waitFor(() => expect(api.calls).toHaveLength(1));
    controller.abort();
    await expect(leaving).rejects.toMatchObject({ name: "AbortError" });
    expect((await other.getEntitlements(ORG)).planCode).toBe("pilot");
    expect(ended).toBe(true);
    void client;
  });

  it("does not let anybody join a request that was ended, also where fetch does not notice", async () => {
    const { api } = setUp();
    let calls = 0;
    const { client } = setUp({
      fetch: (...call) => (++calls === 1 ? new Promise<Response>(() => undefined) : api.fetch(...call)),
    });
    const controller = new AbortController();
    const leaving = client.getEntitlements(ORG, { signal: controller.signal });
    await vi.waitFor(() => expect(calls).toBe(1));
    controller.abort();
    await expect(leaving).rejects.toMatchObject({ name: "AbortError" });
    expect((await client.getEntitlements(ORG)).planCode).toBe("pilot");
  });

  it("throws the reason from hasEntitlement too, because nobody wants the answer", async () => {
    const { client } = setUp();
    await expect(
      client.hasEntitlement(ORG, "hasAPI", { signal: AbortSignal.abort(new Error("gone")) }),
    ).rejects.toThrow("gone");
  });
});
