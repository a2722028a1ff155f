// The stub is what other people's tests believe: it answers as the API does.

import { describe, expect, it } from "vitest";

import { createBillingClient } from "../src/index.js";
import { createServerBilling } from "../src/server/index.js";
import {
  createBillingStub,
  TEST_ORG,
  testEntitlements,
  testPlans,
  type BillingStub,
} from "../src/testing/stub.js";
import { answer, FakeApi, ORG, OTHER_ORG, tokenOf } from "./support/fakeApi.js";

const clientOf = (stub: BillingStub): ReturnType<typeof createBillingClient> =>
  createBillingClient({ baseUrl: "https://api.test", getToken: () => "any", fetch: stub.fetch });

describe("createBillingStub", () => {
  it("lives through a purchase and a change", async () => {
    const stub = createBillingStub();
    const client = clientOf(stub);
    await expect(client.openPortal({ orgId: TEST_ORG })).rejects.toMatchObject({
      code: "no_customer",
      status: 404,
    });
    expect((await client.startCheckout({ orgId: TEST_ORG, planCode: "pro", interval: "year" })).url).toMatch(
      /^https:/,
    );
    expect((await client.getEntitlements(TEST_ORG)).planCode).toBe("pilot");
    expect(await client.syncAfterCheckout(TEST_ORG)).toMatchObject({
      planCode: "pro",
      interval: "year",
      status: "active",
      entitlements: { canExportPDF: true },
    });
    const again = client.startCheckout({ orgId: TEST_ORG, planCode: "pro", interval: "year" });
    await expect(again).rejects.toMatchObject({
      code: "already_subscribed",
      portalUrl: "https://billing.stripe.test/confirm",
    });
    expect((await client.openPortal({ orgId: TEST_ORG, flow: { type: "cancel" } })).url).toBe(
      "https://billing.stripe.test/cancel",
    );
  });

  it("answers a checkout as the API does, and has the seats once it is paid", async () => {
    const client = clientOf(createBillingStub());
    const order = { orgId: TEST_ORG, planCode: "enterprise", interval: "month" } as const;
    const answer = {
      ...order,
      seats: 5,
      sessionId: "cs_test_1",
      url: "https://checkout.stripe.test/cs_test_1",
    };
    expect(await client.startCheckout({ ...order, successUrl: "https://app.test" })).toEqual(answer);
    // Three times five.
    expect(await client.startCheckout({ ...order, currency: "usd", seats: 12 })).toEqual({
      ...answer,
      seats: 15,
    });
    expect(await client.syncAfterCheckout(TEST_ORG)).toMatchObject({ planCode: "enterprise", seats: 15 });
  });

  it("keeps organizations apart, and members from buying", async () => {
    const stub = createBillingStub({ planCode: "pro" });
    stub.set({ planCode: "pilot", canManageBilling: false }, OTHER_ORG);
    const client = clientOf(stub);
    expect(await client.hasEntitlement(ORG, "canExportPDF")).toBe(true);
    expect(await client.getEntitlements(OTHER_ORG)).toMatchObject({ orgId: OTHER_ORG, planCode: "pilot" });
    const order = { orgId: OTHER_ORG, planCode: "pro", interval: "month" } as const;
    await expect(client.startCheckout(order)).rejects.toMatchObject({
      code: "not_a_billing_admin",
      status: 403,
    });
  });

  it("fails as it is told, and recovers", async () => {
    const stub = createBillingStub({ planCode: "pro" });
    const server = createServerBilling({ baseUrl: "", getToken: () => "any", fetch: stub.fetch });
    const statuses = [];
    for (const failure of ["outage", "signed_out", "not_member", undefined] as const) {
      stub.fail(failure);
      statuses.push((await server.requireEntitlement(ORG, "canExportPDF"))?.status);
    }
    expect(statuses).toEqual([503, 401, 403, undefined]);
  });

  it("takes a Request, as a service worker has it", async () => {
    const stub = createBillingStub();
    const body = JSON.stringify({ orgId: ORG, planCode: "pro", interval: "month" });
    const reply = await stub.fetch(
      new Request("https://api.test/api/billing/checkout", { method: "POST", body }),
    );
    expect(await reply.json()).toMatchObject({ success: true, planCode: "pro" });
    expect(stub.calls).toEqual([{ method: "POST", path: "/api/billing/checkout", body: JSON.parse(body) }]);
  });

  it("knows no other route", async () => {
    expect((await createBillingStub().fetch("https://api.test/api/other")).status).toBe(404);
  });
});

it("each plan has the flags that the shipped catalogue gives it", () => {
  for (const plan of ["pilot", "pro", "enterprise"] as const)
    expect(testEntitlements({ planCode: plan }).entitlements).toEqual(answer(plan).entitlements);
});

it("prices are in a currency in lower case, as the API writes it", () => {
  const currencies = testPlans().flatMap(({ prices }) => prices.map(({ currency }) => currency));
  expect(new Set(currencies)).toEqual(new Set(["usd"]));
});

it("plans say what an organization may do as the API says it", async () => {
  const api = new FakeApi();
  api.sold = testPlans();
  for (const plan of ["pilot", "pro", "enterprise"] as const) {
    api.plans.set(ORG, plan);
    const client = createBillingClient({
      baseUrl: "http://api.test",
      getToken: () => tokenOf("ada"),
      fetch: api.fetch,
    });
    expect(testPlans(testEntitlements({ planCode: plan }))).toEqual(await client.getPlans({ orgId: ORG }));
  }
});
