// The plans as a table shows them: what the API says of them, in the page's words.

import type { Feature, Interval, Plan, PlanAction, PlanCode } from "../types.js";
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
  readonly currency: string;
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
  /** Of all prices. Undefined: the first one's. */
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
  const currency = words.currency ?? ranked.flatMap((plan) => plan.prices)[0]?.currency ?? "USD";
  return ranked
    .map((plan, place) => {
      const text = own.find(({ planCode }) => planCode === plan.planCode);
      return fromApi(plan, text, ranked[place - 1], { labels: words.labels, currency }, place === 0);
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
  const currency = words.currency ?? "USD";
  const amounts = (["month", "year"] as const).map((interval) => ({
    interval,
    count: 1,
    amount: prices?.[interval] ?? null,
    currency,
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
  { labels, currency }: { readonly labels: PricingLabels; readonly currency: string },
  isLowest: boolean,
): ShownPlan {
  const prices = plan.prices.filter(
    (price) => price.sold && price.currency.toLowerCase() === currency.toLowerCase(),
  );
  const paid = prices.filter(({ amountCents }) => amountCents > 0);
  return {
    planCode: plan.planCode,
    name: own?.name ?? plan.name,
    description: own?.description ?? plan.description ?? undefined,
    features: own?.features ?? featuresOf(plan, below, labels),
    rank: plan.rank,
    prices: paid.map(({ interval, intervalCount, amountCents }) => ({
      interval,
      count: intervalCount,
      amount: amountCents,
      currency,
    })),
    isFree: paid.length === 0 && plan.action !== "contact" && (isLowest || prices.length > 0),
    action: plan.action,
    trialDays: plan.trialDays ?? 0,
  };
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
