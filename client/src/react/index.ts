"use client";
// React 18 and 19. The directive lets server components of Next.js render what is here.

export { useAfterCheckout, type AfterCheckout, type AfterCheckoutOptions } from "./afterCheckout.js";
export { BillingBanner, type BillingBannerProps } from "./banner.js";
export type { BannerLabels } from "./bannerLabels.js";
export { Gate, type GateProblem, type GateProps } from "./gate.js";
export {
  useBillingClient,
  useEntitlement,
  useEntitlements,
  type EntitlementResult,
  type EntitlementsResult,
} from "./hooks.js";
export type { CommonLabels } from "./labels.js";
export type { NoticeKind } from "./notice.js";
export { usePlans, type PlansResult } from "./plans.js";
export type { PricingLabels } from "./pricingLabels.js";
export type { PricingPlan } from "./pricingPlan.js";
export { PricingTable, type PricingAction, type PricingTableProps } from "./pricingTable.js";
export { BillingProvider, type BillingProviderProps } from "./provider.js";
export {
  useCheckout,
  usePlanChange,
  type CheckoutPurchase,
  type PlanChange,
  type PlanChangePurchase,
  type PlanChoice,
  type Purchase,
  type ReturnAddresses,
} from "./purchase.js";
