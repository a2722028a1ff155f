// A program whose catalogue is another than the shipped one: that this compiles is the test.

import { createBillingClient, type Entitlements, type Feature, type PlanCode } from "@promptforge/billing";
import type * as words from "./entitlements.js";

const client = createBillingClient({ baseUrl: "/", getToken: () => null });

export const features: readonly Feature[] = ["canExportMD", "hasAuditLog", "hasTeamSpaces"];
export const plan: PlanCode = "team";
export const same: words.Feature = features[0] ?? "hasTeamSpaces";

export const may = (): Promise<boolean> => client.hasEntitlement("org", "hasTeamSpaces");
export const isOn = (now: Entitlements): boolean => now.entitlements.hasAuditLog && now.planCode === "team";

// @ts-expect-error a misspelt flag
export const misspelt = (): Promise<boolean> => client.hasEntitlement("org", "hasTeamSpace");
// @ts-expect-error a flag of the shipped catalogue, which this one lacks
export const shipped = (): Promise<boolean> => client.hasEntitlement("org", "hasAPI");
// @ts-expect-error the same of a plan
export const shippedPlan: PlanCode = "enterprise";
