// The plans as a table shows them: what the API says of them, in the page's words.

import type { Feature, Interval, Plan, PlanAction, PlanCode, PlanPrice } from "../types.js";
import type { PricingLabels } from "./pricingLabels.js";

/** A plan in the page's own words. */
export interface PricingPlan {
  /** The plan. */
  readonly planCode: PlanCode;
  /** Its name. Default: the API's. */
  readonly name?: string | undefined;
  /** One line on whom it is for. Default: the API's. */
  readonly description?: string | undefined;
  /**
   * Integer amounts as Stripe counts them: in cents, and 1,000 JPY as 1000. Null: not sold by that interval.
   * Shown until the API says the prices, and where it cannot.
   */
  readonly prices?: Readonly<Record<Interval, number | null>> | undefined;
  /** What it has. Default: a line for each flag. */
  readonly features?: readonly string[] | undefined;
}

/** @internal */
export interface ShownPrice {
  readonly interval: Interval;
  readonly count: number;
  readonly amount: number;
  /** Undefined: the page says none. */
  readonly currency: string | undefined;
}

/** @internal */
export interface ShownPlan {
  readonly planCode: PlanCode;
  readonly name: string;
  readonly description: string | undefined;
  readonly features: readonly string[];
  readonly rank: number;
  /** What it is sold for. None: not here, or for nothing. */
  readonly prices: readonly ShownPrice[];
  readonly isFree: boolean;
  readonly action: PlanAction | undefined;
  readonly trialDays: number;
}

interface Words {
  readonly labels: PricingLabels;
  /** Of all prices, where they have it. Undefined: the first one's. */
  readonly currency: string | undefined;
}

/** The API's plans, else the page's, lowest first. @internal */
export function shownPlans(
  sold: readonly Plan[] | undefined,
  own: readonly PricingPlan[],
  words: Words,
): readonly ShownPlan[] {
  if (!sold) return own.map((plan, rank) => fromPage(plan, rank, words));
  const ranked = [...sold].sort((one, other) => one.rank - other.rank);
  const currency = words.currency ?? ranked.flatMap((plan) => plan.prices)[0]?.currency;
  return ranked
    .map((plan, place) => {
      const text = own.find(({ planCode }) => planCode === plan.planCode);
      return fromApi(plan, text, ranked[place - 1], { ...words, currency }, place === 0);
    })
    .filter(
      (plan) =>
        plan.prices.length > 0 || plan.isFree || plan.action === "contact" || plan.action === "current",
    );
}

function fromPage(
  { planCode, name, description, prices, features = [] }: PricingPlan,
  rank: number,
  words: Words,
): ShownPlan {
  const amounts = (["month", "year"] as const).map((interval) => ({
    interval,
    count: 1,
    amount: prices?.[interval] ?? null,
    currency: words.currency,
  }));
  return {
    planCode,
    name: name ?? words.labels.planName(planCode),
    description,
    features,
    rank,
    prices: amounts.filter((price): price is ShownPrice => !!price.amount),
    isFree: amounts.some(({ amount }) => amount === 0),
    action: undefined,
    trialDays: 0,
  };
}

function fromApi(
  plan: Plan,
  own: PricingPlan | undefined,
  below: Plan | undefined,
  { labels, currency }: Words,
  isLowest: boolean,
): ShownPlan {
  const prices = inOneCurrency(
    plan.prices.filter((price) => price.sold),
    currency,
  );
  const paid = prices.filter(({ amountCents }) => amountCents > 0);
  return {
    planCode: plan.planCode,
    name: own?.name ?? plan.name,
    description: own?.description ?? plan.description ?? undefined,
    features: own?.features ?? featuresOf(plan, below, labels),
    rank: plan.rank,
    prices: paid.map(({ interval, intervalCount, amountCents, currency: of }) => ({
      interval,
      count: intervalCount,
      amount: amountCents,
      currency: of,
    })),
    isFree: paid.length === 0 && plan.action !== "contact" && (isLowest || prices.length > 0),
    action: plan.action,
    trialDays: plan.trialDays ?? 0,
  };
}

/**
 * By each interval, the prices in the page's currency; if there are none, those in the currency of the first.
 * By the interval and not by the plan: a deal, in whichever currency, stands in the place of one interval.
 */
function inOneCurrency(prices: readonly PlanPrice[], wanted: string | undefined): readonly PlanPrice[] {
  const isWanted = ({ currency }: PlanPrice): boolean => currency.toLowerCase() === wanted?.toLowerCase();
  return prices.filter(({ interval, currency }) => {
    const those = prices.filter((price) => price.interval === interval);
    return currency === (those.find(isWanted) ?? those[0])?.currency;
  });
}

/** A line for each flag that the plan below has not. */
function featuresOf(plan: Plan, below: Plan | undefined, labels: PricingLabels): readonly string[] {
  const has = (of: Plan | undefined): readonly string[] =>
    Object.entries(of?.entitlements ?? {}).flatMap(([flag, on]) => (on ? flag : []));
  const flags = has(plan);
  const lower = has(below);
  const builds = below !== undefined && lower.length > 0 && lower.every((flag) => flags.includes(flag));
  const lines = flags
    .filter((flag) => !builds || !lower.includes(flag))
    .map((flag) => labels.feature(flag as Feature));
  const seats = plan.seats > 1 ? [labels.seats(plan.seats)] : [];
  return [
    ...(builds ? [labels.everythingIn(below.name)] : []),
    ...seats,
    ...lines.filter((line): line is string => line !== null),
  ];
}
