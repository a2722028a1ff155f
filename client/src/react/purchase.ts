// Buys a plan, or changes the one there is.

import type { BillingClient } from "../client.js";
import { BillingError, type ErrorCode } from "../errors.js";
import type { Entitlements, Interval, PlanCode, PortalFlow } from "../types.js";
import { useBilling } from "./context.js";
import { useDeparture } from "./departure.js";
import { isLive } from "./offer.js";

/** What somebody chose. */
export interface PlanChoice {
  readonly planCode: PlanCode;
  readonly interval: Interval;
  /** How many, where a plan is sold by seat. The API rounds up to a multiple of what the plan includes. */
  readonly seats?: number | undefined;
  /** Of a checkout, as ISO 4217 says it. Who pays already keeps theirs. Default: what most pay. */
  readonly currency?: string | undefined;
}

/**
 * Where Stripe leads back to. Relative addresses count from the page that is left: `"success"`, or `""` for
 * the page itself.
 */
export interface ReturnAddresses {
  /** After a payment. Default: the API's own. */
  readonly successUrl?: string | undefined;
  /** From a checkout without a payment. Default: the API's own. */
  readonly cancelUrl?: string | undefined;
  /** From the portal. Default: the API's own. */
  readonly returnUrl?: string | undefined;
}

/** What a hook that leads to Stripe's pages has in common. */
export interface Purchase<What> {
  /**
   * What is being worked on: mark its button, and take no other. Until the page is left, or usable again
   * after somebody came back.
   */
  readonly pending: What | null;
  /** What failed. */
  readonly failed: What | null;
  /** Why, to be shown beside its button. */
  readonly error: BillingError | null;
  /** Takes the error away. */
  readonly reset: () => void;
}

/** What {@link useCheckout} gives. */
export interface CheckoutPurchase extends Purchase<PlanChoice> {
  /**
   * Leads to the checkout, or if the organization pays already, to the page that confirms the change. A
   * second call meanwhile does nothing.
   */
  readonly start: (choice: PlanChoice) => Promise<void>;
}

/** What the portal is opened for; `overview`: for anything. */
export type PlanChange = PortalFlow | { readonly type: "overview" };

/** What {@link usePlanChange} gives. A second call meanwhile does nothing. */
export interface PlanChangePurchase extends Purchase<PlanChange> {
  /**
   * Leads to the page that confirms another plan, interval or number of seats, with what it costs. While the
   * plan is to end, to the portal's first page, where it is kept. If there is nothing to change (any more),
   * to the checkout.
   */
  readonly change: (choice: PlanChoice) => Promise<void>;
  /** Leads to the page that cancels. */
  readonly cancel: () => Promise<void>;
  /** Leads to the page that takes another card. */
  readonly updatePaymentMethod: () => Promise<void>;
  /** Leads to the portal's first page: invoices, and taking back what was canceled. */
  readonly manage: () => Promise<void>;
}

/** Buys a plan for the provider's organization. */
export function useCheckout(addresses: ReturnAddresses = {}): CheckoutPurchase {
  const { client, orgId } = useBilling();
  const { go, ...shown } = useDeparture<PlanChoice>();
  return {
    ...shown,
    start: (choice) => go(choice, (signal) => toCheckout(client, orgId, choice, addresses, signal)),
  };
}

/** Changes the plan of the provider's organization. */
export function usePlanChange(addresses: Pick<ReturnAddresses, "returnUrl"> = {}): PlanChangePurchase {
  const { client, orgId } = useBilling();
  const { go, ...shown } = useDeparture<PlanChange>();
  const to = (what: PlanChange): Promise<void> =>
    go(what, (signal) =>
      toPortal(client, orgId, what.type === "overview" ? undefined : what, addresses, signal),
    );
  return {
    ...shown,
    change: (choice) =>
      go(changeTo(choice), (signal) => {
        const back = addresses.returnUrl;
        return toChange(client, orgId, choice, { successUrl: back, cancelUrl: back, ...addresses }, signal);
      }),
    cancel: () => to({ type: "cancel" }),
    updatePaymentMethod: () => to({ type: "payment_method" }),
    manage: () => to({ type: "overview" }),
  };
}

/**
 * The address of the checkout, or of the page that confirms the change. Undefined: the organization has just
 * that.
 *
 * @internal
 */
export async function toCheckout(
  client: BillingClient,
  orgId: string,
  choice: PlanChoice,
  addresses: ReturnAddresses,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await buy(client, orgId, choice, addresses, signal);
  } catch (error) {
    if (!isCode(error, "already_subscribed")) throw error;
    // Bought a moment ago, in another tab or by somebody else: then there is nothing to do, and this page
    // hears of it.
    const now = await client.getEntitlements(orgId, { signal, afresh: true }).catch(() => undefined);
    if (now && (await hasJust(client, now, choice, signal))) return undefined;
    // The API's page leads back to the addresses of a checkout. If the portal has an address of its own, it
    // gets a page of its own.
    if (error.portalUrl && addresses.returnUrl === undefined) return error.portalUrl;
    return toPortal(client, orgId, changeTo(choice), addresses, signal); // never back to the checkout
  }
}

async function buy(
  client: BillingClient,
  orgId: string,
  { currency, ...chosen }: PlanChoice,
  { successUrl, cancelUrl }: ReturnAddresses,
  signal: AbortSignal,
): Promise<string> {
  const priced = currency === undefined ? chosen : { ...chosen, currency: currency.toLowerCase() };
  const order = { orgId, ...priced, successUrl: absolute(successUrl), cancelUrl: absolute(cancelUrl) };
  return (await client.startCheckout(order, { signal })).url;
}

/**
 * The address of the page that confirms the change; of the checkout, if there is nothing to change.
 *
 * @internal
 */
export async function toChange(
  client: BillingClient,
  orgId: string,
  choice: PlanChoice,
  addresses: ReturnAddresses,
  signal: AbortSignal,
): Promise<string> {
  const order = { orgId, returnUrl: absolute(addresses.returnUrl) };
  try {
    return (await client.openPortal({ ...order, flow: changeTo(choice) }, { signal })).url;
  } catch (error) {
    if (!isCode(error, "flow_unavailable") && !isCode(error, "no_customer")) throw error;
    // It may have ended since the page heard of it.
    const now = await client.getEntitlements(orgId, { signal, afresh: true }).catch(() => undefined);
    if (now && !now.stale && !isLive(now)) return buy(client, orgId, choice, addresses, signal);
    if (error.code === "no_customer") throw error;
    // The portal's first page leads to the same, and there a plan that is to end can be kept.
    return (await client.openPortal(order, { signal })).url;
  }
}

/** The address of the portal. @internal */
export async function toPortal(
  client: BillingClient,
  orgId: string,
  flow: PortalFlow | undefined,
  { returnUrl }: ReturnAddresses,
  signal: AbortSignal,
): Promise<string> {
  const order = { orgId, returnUrl: absolute(returnUrl) };
  try {
    return (await client.openPortal({ ...order, flow }, { signal })).url;
  } catch (error) {
    // The portal's first page leads to the same.
    if (!flow || !isCode(error, "flow_unavailable")) throw error;
    return (await client.openPortal(order, { signal })).url;
  }
}

const isCode = (error: unknown, code: ErrorCode): error is BillingError =>
  error instanceof BillingError && error.code === code;

const changeTo = ({ planCode, interval, seats }: PlanChoice): PortalFlow => ({
  type: "update",
  planCode,
  interval,
  seats,
});

/** Whether the organization has exactly what was ordered, and keeps it. */
async function hasJust(
  client: BillingClient,
  now: Entitlements,
  { planCode, interval, seats }: PlanChoice,
  signal: AbortSignal,
): Promise<boolean> {
  if (now.stale || now.planCode !== planCode || (now.interval && now.interval !== interval)) return false;
  if ((now.status !== "active" && now.status !== "trialing") || now.cancelAt || now.scheduled) return false;
  if (seats === undefined || now.seats === seats) return true;
  // The API sells as many times what the plan includes as hold the seats.
  const plans = await client.getPlans({ signal }).catch(() => []);
  const included = plans.find((plan) => plan.planCode === planCode)?.seats ?? 1;
  return now.seats === Math.ceil(seats / included) * included;
}

const absolute = (address: string | undefined): string | undefined =>
  address === undefined ? undefined : new URL(address, window.location.href).href;
