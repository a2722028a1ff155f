"use client";
// React 18 and 19. The directive lets server components of Next.js render what is here.

export { Gate, type GateProps } from "./gate.js";
export {
  useBillingClient,
  useEntitlement,
  useEntitlements,
  type EntitlementResult,
  type EntitlementsResult,
} from "./hooks.js";
export type { PricingLabels, PricingPlan } from "./pricingPlan.js";
export { PricingTable, type PricingChoice, type PricingTableProps } from "./pricingTable.js";
export { BillingProvider, type BillingProviderProps } from "./provider.js";
