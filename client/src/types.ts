// The public names of what the API says, derived from its description so that the two cannot differ.

import type { Feature, PlanCode } from "./catalogue.js";
import type { BillingError } from "./errors.js";
import type { components } from "./openapi.js";

type Schemas = components["schemas"];
/** What a request may leave out, or say that it is undefined. */
type Optional<T, K extends keyof T> = { readonly [N in K]?: Exclude<T[N], null> | undefined };
type Answer = Schemas["EntitlementsResponse"];
/** What an older API does not say. */
type Newer =
  | "interval"
  | "intervalCount"
  | "discounts"
  | "reason"
  | "trialEndsAt"
  | "seatsUsed"
  | "seatsOver"
  | "collectionPaused"
  | "canManageBilling";

export type { Feature, PlanCode };

/** How often a subscription is paid. */
export type Interval = Schemas["Interval"];

/** What is taken off a subscription's price: a percentage or an amount. */
export type Discount = Readonly<Schemas["Discount"]>;

/**
 * What an organization may do. Never changed in place: a new state is a new object, an unchanged one the same
 * object.
 */
export type Entitlements = Readonly<
  Omit<Answer, "success" | "planCode" | "entitlements" | "scheduled" | Newer>
> & { readonly [N in Newer]?: Answer[N] | undefined } & {
    /** What the plan changes to at the end of the period. Null: nothing. */
    readonly scheduled?: ScheduledChange | null | undefined;
    /** The plan in force. */
    readonly planCode: PlanCode;
    /** Every flag, on or off. */
    readonly entitlements: Readonly<Record<Feature, boolean>>;
    /** True while the API cannot be reached and this is the last answer that it gave. */
    readonly stale: boolean;
  };

/** A change of plan that waits for the end of the paid period. */
export type ScheduledChange = Readonly<Omit<Schemas["Scheduled"], "planCode">> & {
  /** The plan that it changes to. */
  readonly planCode: PlanCode;
};

/** What is bought, and for which organization. */
export type CheckoutOrder = Readonly<Pick<Schemas["CheckoutRequest"], "orgId" | "interval">> &
  Optional<Schemas["CheckoutRequest"], "currency" | "seats" | "successUrl" | "cancelUrl"> & {
    /** The plan. */
    readonly planCode: PlanCode;
  };

/** The checkout page to send the person to. */
export type Checkout = Readonly<Omit<Schemas["CheckoutResponse"], "success" | "planCode">> & {
  /** The plan. */
  readonly planCode: PlanCode;
};

type AnyFlow = Schemas["PortalFlow"];

/**
 * The one thing that the portal is opened for: confirm another plan, interval or number of seats; cancel;
 * give another card.
 */
export type PortalFlow =
  | (Readonly<Pick<Extract<AnyFlow, { type: "update" }>, "type" | "interval">> &
      Optional<Extract<AnyFlow, { type: "update" }>, "seats"> & {
        /** The plan. */
        readonly planCode: PlanCode;
      })
  | Readonly<Exclude<AnyFlow, { type: "update" }>>;

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

/** What may be done with a plan. `contact`: it is not sold on a page. */
export type PlanAction = Schemas["PlanAction"];

/** A price of a plan. */
export type PlanPrice = Readonly<Schemas["PlanPrice"]>;

type SoldPlan = Schemas["Plan"];

/** A plan of `GET /api/billing/plans`. A page may write its own, without a description or a trial. */
export type Plan = Readonly<Pick<SoldPlan, "name" | "rank" | "seats" | "action">> &
  Readonly<Partial<Pick<SoldPlan, "description" | "trialDays">>> & {
    readonly planCode: PlanCode;
    /** Every flag, on or off. */
    readonly entitlements: Readonly<Record<string, boolean>>;
    /** What it costs. Empty: it is not sold on a page. */
    readonly prices: readonly PlanPrice[];
  };

/** The codes of the API's failures. */
export type ApiErrorCode = Schemas["Failure"]["code"];

/** What is known of an organization at a moment. Neither field: nothing yet, an answer is awaited. */
export interface EntitlementsState {
  /** The last answer, if it may still be used. */
  readonly entitlements?: Entitlements | undefined;
  /** Why the newest attempt gave none. Beside `entitlements` it means that those are stale. */
  readonly error?: BillingError | undefined;
}
