// The package's core: no framework, no dependency.

export type { Catalogue } from "./catalogue.js";
export { createBillingClient } from "./client.js";
export type {
  BillingClient,
  BillingClientOptions,
  CallOptions,
  CheckOptions,
  PlansOptions,
  ReadOptions,
} from "./client.js";
export type { Check, OnError } from "./check.js";
export { BillingError } from "./errors.js";
export type { BillingErrorDetails, ErrorCode } from "./errors.js";
export type { GetToken } from "./session.js";
export type { SyncOptions } from "./sync.js";
export type {
  ApiErrorCode,
  Checkout,
  CheckoutOrder,
  Discount,
  Entitlements,
  EntitlementsState,
  Feature,
  Interval,
  Plan,
  PlanAction,
  PlanCode,
  PlanPrice,
  Portal,
  PortalFlow,
  PortalOrder,
  ScheduledChange,
} from "./types.js";
