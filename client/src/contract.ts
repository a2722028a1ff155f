// What the API says beyond src/openapi.ts. Written by hand, and optional, so that this client also works with
// an API that does not say it yet. Once openapi.json describes a field or a route, the generated type takes
// it over: then it goes from here.

import type { PlanCode } from "./catalogue.js";
import type { components } from "./openapi.js";

type Interval = components["schemas"]["Interval"];

/** A change of plan that waits for the end of the paid period. */
export interface ScheduledChange {
  readonly planCode: PlanCode;
  readonly interval: Interval;
  readonly seats: number;
  /** When it happens, as an ISO 8601 date and time. */
  readonly at: string;
}

/** More of `GET /api/entitlements`. Undefined: the API does not say. */
export interface MoreOfEntitlements {
  /** What the plan changes to at the end of the period. Null: nothing. */
  readonly scheduled?: ScheduledChange | null;
  /** How many members take a seat. */
  readonly seatsUsed?: number | null;
}

/** More of what a checkout takes. */
export interface MoreOfCheckout {
  /** How many seats, where a plan is sold by seat. */
  readonly seats?: number | undefined;
  /** Where Stripe leads after the payment: an address on an origin that the API allows. */
  readonly successUrl?: string | undefined;
  /** Where Stripe's link back leads, likewise. */
  readonly cancelUrl?: string | undefined;
}

/** The one thing that the portal is opened for. */
export type PortalFlow =
  /** Confirm another plan or interval, with what it costs now. */
  | {
      readonly type: "update";
      readonly planCode: PlanCode;
      readonly interval: Interval;
      readonly seats?: number | undefined;
    }
  /** Cancel the subscription. */
  | { readonly type: "cancel" }
  /** Give another card. */
  | { readonly type: "payment_method" };
