import { describe, expect, it } from "vitest";

import { createServerBilling, type ServerBilling } from "../src/server/index.js";
import { FakeApi, ORG, tokenOf } from "./support/fakeApi.js";

function setUp(getToken: () => string | null = () => tokenOf("ada")): {
  api: FakeApi;
  billing: ServerBilling;
} {
  const api = new FakeApi();
  api.plans.set(ORG, "pro");
  return { api, billing: createServerBilling({ baseUrl: "http://api.test", getToken, fetch: api.fetch }) };
}
const told = async (response: Response | undefined): Promise<unknown> => [
  response?.status,
  await response?.json(),
];

describe("requireEntitlement", () => {
  it("lets the request through if the plan has the feature", async () => {
    expect(await setUp().billing.requireEntitlement(ORG, "canExportPDF")).toBeUndefined();
  });

  it("answers 403 if it has not", async () => {
    const refused = await setUp().billing.requireEntitlement(ORG, "hasAPI");
    expect(refused?.headers.get("cache-control")).toBe("no-store");
    expect(await told(refused)).toEqual([
      403,
      {
        success: false,
        code: "feature_not_in_plan",
        error: "The organization's plan does not include this feature",
        requestId: null,
      },
    ]);
  });

  it("hands on why the API refuses", async () => {
    const { api, billing } = setUp();
    api.plans.clear();
    expect(await told(await billing.requireEntitlement(ORG, "canExportMD"))).toMatchObject([
      403,
      { code: "not_a_member", requestId: "request-1" },
    ]);
  });

  it("answers 401 if nobody is signed in", async () => {
    const { api, billing } = setUp(() => null);
    expect(await told(await billing.requireEntitlement(ORG, "canExportMD"))).toMatchObject([
      401,
      { code: "unauthenticated" },
    ]);
    expect(api.calls).toHaveLength(0);
  });

  it("answers 503 in an outage, in the API's own time, unless told to open", async () => {
    const { api, billing } = setUp();
    api.fail(503, "database_unavailable", { "retry-after": "7" });
    const refused = await billing.requireEntitlement(ORG, "canExportMD");
    expect(refused?.headers.get("retry-after")).toBe("7");
    expect(await told(refused)).toMatchObject([503, { code: "entitlements_unavailable" }]);
    expect(await billing.requireEntitlement(ORG, "canExportMD", { onError: "open" })).toBeUndefined();
  });

  it("takes it for an outage if what stands between answers with a page", async () => {
    const { api, billing } = setUp();
    api.instead = () => new Response("<html>", { status: 404 });
    expect(await told(await billing.requireEntitlement(ORG, "canExportMD"))).toMatchObject([
      503,
      { code: "entitlements_unavailable" },
    ]);
    expect(await billing.requireEntitlement(ORG, "canExportMD", { onError: "open" })).toBeUndefined();
  });

  it.each([
    [401, "<html>", "unexpected_response"],
    [403, "<html>", "unexpected_response"],
    [403, '{"success":false,"code":"not_a_member"}', "not_a_member"],
  ])("tells the browser not where the API is if it is refused there: %i %s", async (status, body, code) => {
    const { api, billing } = setUp();
    api.instead = () => new Response(body, { status });
    const answer = await told(await billing.requireEntitlement(ORG, "canExportMD", { onError: "open" }));
    expect(answer).toMatchObject([status, { code, error: expect.stringMatching(/^[A-Z].+/) as string }]);
    expect(JSON.stringify(answer)).not.toContain("api.test");
  });
});

describe("hasEntitlement", () => {
  it("says yes and no", async () => {
    const { billing } = setUp();
    expect(await billing.hasEntitlement(ORG, "canExportPDF", { onError: "throw" })).toBe(true);
    expect(await billing.hasEntitlement(ORG, "hasAPI", { onError: "throw" })).toBe(false);
  });

  it("does in an outage what the caller said", async () => {
    const { api, billing } = setUp();
    api.fail(503, "database_unavailable");
    await expect(billing.hasEntitlement(ORG, "canExportPDF", { onError: "throw" })).rejects.toMatchObject({
      isOutage: true,
    });
    expect(await billing.hasEntitlement(ORG, "canExportPDF", { onError: "closed" })).toBe(false);
    expect(await billing.hasEntitlement(ORG, "canExportPDF", { onError: "open" })).toBe(true);
  });

  it("opens on no refusal, whatever the caller said", async () => {
    const { api, billing } = setUp();
    api.plans.clear();
    await expect(billing.hasEntitlement(ORG, "canExportPDF", { onError: "throw" })).rejects.toMatchObject({
      code: "not_a_member",
    });
    expect(await billing.hasEntitlement(ORG, "canExportPDF", { onError: "open" })).toBe(false);
  });
});

it("tells not in the plan, no answer and refused apart", async () => {
  const { api, billing } = setUp();
  expect(await billing.checkEntitlement(ORG, "canExportPDF")).toMatchObject({
    status: "on",
    enabled: true,
    entitlements: { planCode: "pro" },
  });
  expect(await billing.checkEntitlement(ORG, "hasAPI")).toMatchObject({
    status: "off",
    enabled: false,
    entitlements: { planCode: "pro" },
  });
  api.fail(503, "database_unavailable");
  expect(await billing.checkEntitlement(ORG, "canExportPDF")).toMatchObject({
    status: "outage",
    enabled: false,
    error: { status: 503 },
  });
  expect(await billing.checkEntitlement(ORG, "canExportPDF", { onError: "open" })).toMatchObject({
    status: "outage",
    enabled: true,
  });
  api.fail(403, "not_a_member");
  expect(await billing.checkEntitlement(ORG, "canExportPDF", { onError: "open" })).toMatchObject({
    status: "refused",
    enabled: false,
  });
});

it("buys, opens the portal and waits for the purchase", async () => {
  const { api, billing } = setUp();
  api.plans.set(ORG, "pilot");
  expect((await billing.startCheckout({ orgId: ORG, planCode: "pro", interval: "month" })).url).toBe(
    "https://checkout.test/cs_1",
  );
  api.atStripe = "pro";
  expect((await billing.syncAfterCheckout(ORG)).planCode).toBe("pro");
  expect((await billing.openPortal({ orgId: ORG })).url).toBe("https://portal.test/bps_1");
  expect((await billing.getEntitlements(ORG)).planCode).toBe("pro");
});

it("keeps nothing between two people", async () => {
  const people = [tokenOf("ada"), tokenOf("bob")];
  const { api, billing } = setUp(() => people.shift() ?? null);
  api.plans.set(`bob ${ORG}`, "pilot");
  const answers = await Promise.all(
    [1, 2].map(() => billing.hasEntitlement(ORG, "canExportPDF", { onError: "throw" })),
  );
  expect(answers).toEqual([true, false]);
  expect(api.calls.every((call) => !call.headers.has("if-none-match"))).toBe(true);
});
