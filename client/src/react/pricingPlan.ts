// What a pricing table shows, and how it puts it.

import type { Interval, PlanCode } from "../types.js";

/** A plan to show. */
export interface PricingPlan {
  /** The plan. */
  readonly planCode: PlanCode;
  /** Its name. */
  readonly name: string;
  /** One line on whom it is for. */
  readonly description?: string | undefined;
  /** Integer amounts in the currency's smallest unit, as cents. Null: not sold by that interval. */
  readonly prices: Readonly<Record<Interval, number | null>>;
  /** What it has. */
  readonly features: readonly string[];
}

/** Every sentence of the table, to translate or reword it. */
export interface PricingLabels {
  /** Names the table for screen readers. */
  readonly title: string;
  /** Above the choice of interval. */
  readonly interval: string;
  readonly month: string;
  readonly year: string;
  readonly perMonth: string;
  readonly perYear: string;
  /** Instead of a price of 0. */
  readonly free: string;
  readonly current: string;
  /** On a plan's button. */
  readonly choose: (plan: PricingPlan) => string;
  /** On its button while the choice is being worked on. */
  readonly pending: (plan: PricingPlan) => string;
}

/** The sentences in English. @internal */
export const english: PricingLabels = {
  title: "Plans",
  interval: "Billing interval",
  month: "Monthly",
  year: "Yearly",
  perMonth: "per month",
  perYear: "per year",
  free: "Free",
  current: "Current plan",
  choose: (plan) => `Choose ${plan.name}`,
  pending: (plan) => `Opening ${plan.name}…`,
};

/** An amount in words, without cents where there are none. @internal */
export function money(amount: number, currency: string, locale: string): string {
  const style = { style: "currency", currency } as const;
  const digits = new Intl.NumberFormat(locale, style).resolvedOptions().maximumFractionDigits ?? 2;
  const value = amount / 10 ** digits;
  return new Intl.NumberFormat(locale, {
    ...style,
    minimumFractionDigits: Number.isInteger(value) ? 0 : digits,
  }).format(value);
}
