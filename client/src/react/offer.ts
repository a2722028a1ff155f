// What a plan's card says and offers, from what the organization has. Nothing of React.

import type { Entitlements, Interval } from "../types.js";
import type { ShownPlan, ShownPrice } from "./pricingPlan.js";

/**
 * - `current`: the organization has it; `renew`: it has it, and it is to end or to change;
 * - `switch`: it has it, and pays it by the other interval;
 * - `keep_first`: it may change to it once the plan that is to end is kept, because Stripe changes none that
 *   is to end;
 * - `scheduled`: it is to change to it;
 * - `buy`, `upgrade`, `downgrade`, `contact`: as the API says it; `cancel`: a downgrade to what is free;
 * - `manage`: it pays, or should, for something that the portal shows;
 * - `none`: nothing to do.
 */
export type OfferKind =
  | "current"
  | "renew"
  | "keep_first"
  | "switch"
  | "scheduled"
  | "buy"
  | "upgrade"
  | "downgrade"
  | "cancel"
  | "contact"
  | "manage"
  | "none";

/** @internal */
export interface Offer {
  readonly kind: OfferKind;
  /** What it costs by the wanted interval, or by the one that it is sold by. */
  readonly price: ShownPrice | undefined;
  /** From when it counts, or until when, as an ISO 8601 date and time. */
  readonly date: string | undefined;
  /** The plan to keep first. */
  readonly kept: string | undefined;
  /**
   * What a year of the monthly price costs more, in the currency's smallest unit; 0 where the price is not
   * the yearly one, or the monthly one is in another currency.
   */
  readonly saved: number;
}

const LIVE = ["active", "trialing", "past_due", "unpaid", "paused"];

/** Whether there is a subscription that has not ended, paid or not. @internal */
export const isLive = ({ status }: Entitlements): boolean => LIVE.includes(status);

/**
 * @param now - what the organization has; undefined: there is none, as on a page for visitors
 * @param others - all plans, to know which is higher
 * @internal
 */
export function offerOf(
  plan: ShownPlan,
  interval: Interval,
  now: Entitlements | undefined,
  others: readonly ShownPlan[],
): Offer {
  const price = plan.prices.find((each) => each.interval === interval) ?? plan.prices[0];
  const saved = price?.interval === "year" ? (savingOf(plan)?.amount ?? 0) : 0;
  const offer = (kind: OfferKind, date?: string, kept?: string): Offer => {
    return { kind, price, date, kept, saved };
  };
  const sellable = plan.action === "contact" ? "contact" : price ? "buy" : "none";
  if (!now) return offer(sellable);

  const { scheduled, cancelAt } = now;
  // A quarter is a price of another kind than a month. An older API says neither.
  const samePrice =
    !price || !now.interval || (price.interval === now.interval && price.count === (now.intervalCount ?? 1));
  const isNext = scheduled?.planCode === plan.planCode && (!price || price.interval === scheduled.interval);
  // Fewer seats of the same plan are no other plan.
  const changes = scheduled && (scheduled.planCode !== now.planCode || scheduled.interval !== now.interval);
  const pays = isLive(now);

  if (plan.planCode === now.planCode) {
    if (samePrice || (cancelAt && pays)) {
      const until = cancelAt ?? (changes ? scheduled.at : undefined);
      return until && pays ? offer("renew", until) : offer("current");
    }
    return isNext ? offer("scheduled", scheduled.at) : offer(pays ? "switch" : "current");
  }
  if (isNext) return offer("scheduled", scheduled.at);
  if (plan.action === "scheduled" && !scheduled) return offer("scheduled", cancelAt ?? undefined);
  if (!pays) return offer(sellable);
  if (plan.isFree) return cancelAt ? offer("scheduled", cancelAt) : offer("cancel");
  if (sellable !== "buy") return offer(sellable);

  const mine = others.find(({ planCode }) => planCode === now.planCode);
  // It has a subscription that grants nothing, for a reason that the portal shows: settle that first.
  const grants = !now.reason && (now.status === "active" || now.status === "trialing");
  if (mine?.isFree && !grants) return offer("manage");
  if (cancelAt && mine) return offer("keep_first", undefined, mine.name);
  if (plan.action === "buy" || plan.action === "upgrade" || plan.action === "downgrade")
    return offer(plan.action);
  return offer(mine && plan.rank < mine.rank ? "downgrade" : "upgrade");
}

/** What a year at once saves. @internal */
export function savingOf({
  prices,
}: ShownPlan): { readonly amount: number; readonly percent: number } | undefined {
  const of = (interval: Interval): ShownPrice | undefined =>
    prices.find((price) => price.interval === interval && price.count === 1);
  const month = of("month");
  const year = of("year");
  if (!month || !year || month.currency !== year.currency) return undefined;
  const twelve = month.amount * 12;
  const amount = twelve - year.amount;
  return amount > 0 ? { amount, percent: Math.floor((amount / twelve) * 100) } : undefined;
}
