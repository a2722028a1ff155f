// What must not compile. `npm run types` checks it: each line below an expectation has to be an error.

import { expect, expectTypeOf, it } from "vitest";

import {
  createBillingClient,
  type BillingClient,
  type Entitlements,
  type ErrorCode,
  type Feature,
  type Interval,
  type PlanCode,
} from "../src/index.js";
import type { ServerBilling } from "../src/server/index.js";

export async function misuse(client: BillingClient, server: ServerBilling): Promise<void> {
  // @ts-expect-error a misspelt flag
  await client.hasEntitlement("org", "canExportPdf");
  // @ts-expect-error a misspelt flag
  await server.requireEntitlement("org", "canExportPDFs");
  // @ts-expect-error what an outage means is not said
  await server.hasEntitlement("org", "canExportPDF");
  // @ts-expect-error no such flow
  await client.openPortal({ orgId: "org", flow: { type: "renew" } });
  // @ts-expect-error no such plan
  await client.startCheckout({ orgId: "org", planCode: "platinum", interval: "month" });
  // @ts-expect-error no such interval
  await client.startCheckout({ orgId: "org", planCode: "pro", interval: "week" });
  // @ts-expect-error the organization is missing
  await client.openPortal({});
  const value = await client.getEntitlements("org");
  // @ts-expect-error an answer is not changed
  value.entitlements.hasAPI = true;
}

it("says which option is missing", () => {
  // @ts-expect-error an environment variable that is not set
  expect(() => createBillingClient({ baseUrl: undefined, getToken: () => null })).toThrow(
    new TypeError("baseUrl is not a string"),
  );
});

it.each(["api.example.com", "ftp://api.example.com", "api"])("says that %s is no address", (baseUrl) => {
  const reason = new TypeError(`baseUrl begins with neither https:// nor /: "${baseUrl}"`);
  expect(() => createBillingClient({ baseUrl, getToken: () => null })).toThrow(reason);
});

it("has eleven flags, three plans, two intervals and the API's codes", () => {
  expectTypeOf<Feature>().toEqualTypeOf<
    | "canUseAllModules"
    | "canExportMD"
    | "canExportPDF"
    | "canExportJSON"
    | "canUseGptTestReal"
    | "hasCloudHistory"
    | "hasEvaluatorAI"
    | "hasAPI"
    | "canExportBundleZip"
    | "hasWhiteLabel"
    | "hasSeatsGT1"
  >();
  expectTypeOf<PlanCode>().toEqualTypeOf<"pilot" | "pro" | "enterprise">();
  expectTypeOf<Interval>().toEqualTypeOf<"month" | "year">();
  expectTypeOf<"not_a_member">().toExtend<ErrorCode>();
  expectTypeOf<Entitlements["graceEndsAt"]>().toEqualTypeOf<string | null>();
});
