// The public names of what the API says, derived from its description so that the two cannot differ.

import type { ShippedFeature, ShippedPlan } from "./catalogue.js";
import type { MoreOfCheckout, MoreOfEntitlements, PortalFlow } from "./contract.js";
import type { BillingError } from "./errors.js";
import type { components } from "./openapi.js";

type Schemas = components["schemas"];
type Answer = Schemas["EntitlementsResponse"];

/** A plan: `pilot` is what everybody has. */
export type PlanCode = ShippedPlan;

/** How often a subscription is paid. */
export type Interval = Schemas["Interval"];

/** What is taken off a subscription's price: a percentage or an amount. */
export type Discount = Readonly<Schemas["Discount"]>;

/** One of the flags that a plan switches on. A misspelt one does not compile. */
export type Feature = ShippedFeature;

/**
 * What an organization may do. Never changed in place: a new state is a new object, an unchanged one the same
 * object.
 */
export type Entitlements = Readonly<Omit<Answer, "success" | "planCode" | "entitlements">> &
  MoreOfEntitlements & {
    /** The plan in force. */
    readonly planCode: PlanCode;
    /** Every flag, on or off. */
    readonly entitlements: Readonly<Record<Feature, boolean>>;
    /** True while the API cannot be reached and this is the last answer that it gave. */
    readonly stale: boolean;
  };

/** What is bought, and for which organization. */
export type CheckoutOrder = Readonly<Omit<Schemas["CheckoutRequest"], "planCode">> &
  MoreOfCheckout & {
    /** The plan. */
    readonly planCode: PlanCode;
  };

/** The checkout page to send the person to. */
export type Checkout = Readonly<Omit<Schemas["CheckoutResponse"], "success" | "planCode">> & {
  /** The plan. */
  readonly planCode: PlanCode;
};

/** Whose subscription is to be managed, what for, and where the person is led afterwards. */
export interface PortalOrder {
  /** The organization. */
  readonly orgId: string;
  /** An address on an origin that the API allows. The frontend's own if it is not given. */
  readonly returnUrl?: string | undefined;
  /** Leads straight to one thing. Without it the portal begins with an overview. */
  readonly flow?: PortalFlow | undefined;
}

/** The portal page to send the person to. */
export type Portal = Readonly<Omit<Schemas["PortalResponse"], "success">>;

/** The codes of the API's failures. */
export type ApiErrorCode = Schemas["Failure"]["code"];

/** What is known of an organization at a moment. Neither field: nothing yet, an answer is awaited. */
export interface EntitlementsState {
  /** The last answer, if it may still be used. */
  readonly entitlements?: Entitlements | undefined;
  /** Why the newest attempt gave none. Beside `entitlements` it means that those are stale. */
  readonly error?: BillingError | undefined;
}
