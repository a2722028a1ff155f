import { describe, expect, it } from "vitest";

import { BillingError } from "../src/index.js";
import { testPlans } from "../src/testing/stub.js";
import { setUp } from "./support/clients.js";
import { ORG, tokenOf } from "./support/fakeApi.js";

describe("checkout", () => {
  it("opens a page", async () => {
    const { api, client } = setUp();
    const checkout = await client.startCheckout({ orgId: ORG, planCode: "pro", interval: "year" });
    expect(checkout).toEqual({
      sessionId: "cs_1",
      url: "https://checkout.test/cs_1",
      orgId: ORG,
      planCode: "pro",
      interval: "year",
    });
    expect(api.calls[0]).toMatchObject({
      method: "POST",
      path: "/api/billing/checkout",
      body: { orgId: ORG, planCode: "pro", interval: "year" },
    });
    expect(api.calls[0]?.headers.get("content-type")).toBe("application/json");
  });

  it("says why it does not", async () => {
    const { api, client } = setUp();
    api.plans.set(ORG, "pro");
    const failure = await client
      .startCheckout({ orgId: ORG, planCode: "pro", interval: "month" })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BillingError);
    expect(failure).toMatchObject({
      code: "already_subscribed",
      status: 409,
      requestId: "request-1",
      message: "The sentence of already_subscribed",
    });
  });

  it("says where the plan is changed instead, if the API does", async () => {
    const { api, client } = setUp();
    api.plans.set(ORG, "pro");
    api.sold = testPlans();
    const order = { orgId: ORG, planCode: "enterprise", interval: "month" } as const;
    await expect(client.startCheckout(order)).rejects.toMatchObject({
      code: "already_subscribed",
      portalUrl: "https://portal.test/confirm",
    });
  });

  it("sends seats and addresses to come back to, and nothing that was not said", async () => {
    const { api, client } = setUp();
    const order = {
      orgId: ORG,
      planCode: "enterprise",
      interval: "month",
      seats: 7,
      successUrl: "https://app.test/s",
      cancelUrl: undefined,
    } as const;
    await client.startCheckout(order);
    expect(api.calls[0]?.body).toEqual({
      orgId: ORG,
      planCode: "enterprise",
      interval: "month",
      seats: 7,
      successUrl: "https://app.test/s",
    });
  });

  it("takes no answer without an address", async () => {
    const { api, client } = setUp();
    api.instead = () => Response.json({ success: true });
    await expect(
      client.startCheckout({ orgId: ORG, planCode: "pro", interval: "month" }),
    ).rejects.toMatchObject({ code: "unexpected_response" });
  });
});

describe("the portal", () => {
  it("opens a page and leads back", async () => {
    const { api, client } = setUp();
    api.plans.set(ORG, "pro");
    expect(await client.openPortal({ orgId: ORG, returnUrl: "https://app.test/" })).toEqual({
      url: "https://portal.test/bps_1",
      orgId: ORG,
    });
    expect(api.calls[0]?.body).toEqual({ orgId: ORG, returnUrl: "https://app.test/" });
  });

  it("opens for one thing", async () => {
    const { api, client } = setUp();
    api.plans.set(ORG, "pro");
    api.sold = testPlans();
    await client.openPortal({ orgId: ORG, flow: { type: "update", planCode: "pro", interval: "year" } });
    expect(api.calls[0]?.body).toEqual({
      orgId: ORG,
      flow: { type: "update", planCode: "pro", interval: "year" },
    });
  });

  it("says that there is none before the first checkout", async () => {
    const { client } = setUp();
    await expect(client.openPortal({ orgId: ORG })).rejects.toMatchObject({
      code: "no_customer",
      status: 404,
    });
  });
});

describe("plans", () => {
  it("are told to everybody, without a token", async () => {
    const { api, client, asked } = setUp();
    api.sold = testPlans();
    expect((await client.getPlans()).map(({ planCode, action }) => [planCode, action])).toEqual([
      ["pilot", undefined],
      ["pro", undefined],
      ["enterprise", undefined],
    ]);
    expect(api.calls[0]?.path).toBe("/api/billing/plans");
    expect(api.calls[0]?.headers.has("authorization")).toBe(false);
    expect(asked).toHaveLength(0);
  });

  it("say what a member's organization may do with each", async () => {
    const { api, client } = setUp();
    api.sold = testPlans();
    api.plans.set(ORG, "pro");
    expect((await client.getPlans({ orgId: ORG })).map(({ action }) => action)).toEqual([
      "downgrade",
      "current",
      "upgrade",
    ]);
    expect(api.calls[0]?.headers.get("authorization")).toBe(`Bearer ${tokenOf("ada")}`);
  });

  it("are an error where the API has no such route", async () => {
    const { client } = setUp();
    await expect(client.getPlans({ orgId: ORG })).rejects.toMatchObject({
      code: "unexpected_response",
      status: 404,
    });
  });
});

describe("answers that are not the API's", () => {
  it.each([
    ["a page", () => new Response("<html>", { status: 200 })],
    ["another JSON", () => Response.json({ ok: true })],
    ["no flags", () => Response.json({ success: true, planCode: "enterprise" })],
    ["a number", () => Response.json(7)],
    ["API Gateway's 404", () => Response.json({ message: "Not Found" }, { status: 404 })],
  ])("open nothing: %s", async (_, answerer) => {
    const { api, client } = setUp();
    api.instead = answerer;
    await expect(client.getEntitlements(ORG)).rejects.toMatchObject({ code: "unexpected_response" });
    expect(await client.hasEntitlement(ORG, "canExportMD")).toBe(false);
  });
});
