// The sentences of the pricing table, in English.

import type { Feature, Interval } from "../types.js";
import { commonEnglish, type CommonLabels } from "./labels.js";

/** Every sentence of the pricing table, to translate or reword it. */
export interface PricingLabels extends CommonLabels {
  /** Names the table for screen readers. */
  readonly title: string;
  /** Above the choice of interval. */
  readonly interval: string;
  readonly month: string;
  readonly year: string;
  /** Beside the choice of a year. `percent` is rounded down; `upTo`: not all plans save as much. */
  readonly yearSaves: (percent: number, upTo: boolean) => string;
  /** Under a yearly price. `amount` is written in its currency. */
  readonly saves: (amount: string) => string;
  /**
   * Under the price of the organization's plan. `off`: a percentage, or an amount in its currency; `until`: a
   * day, or undefined; `duration`: Stripe's `once`, `repeating` or `forever`.
   */
  readonly discount: (off: string, until: string | undefined, duration: string) => string;
  /** Behind a price. */
  readonly per: (interval: Interval, count: number) => string;
  /** Instead of a price of 0. */
  readonly free: string;
  /** Marks the plan that the page recommends. */
  readonly recommended: string;
  /** Marks the plan that the organization has. */
  readonly current: string;
  /** The same, if it is to end or to change. */
  readonly currentUntil: (date: string) => string;
  /** Marks a plan that the organization is to change to. Undefined: the day is not known. */
  readonly scheduled: (date: string | undefined) => string;
  readonly buy: (plan: string) => string;
  /** Instead of `buy`, where a plan is free at first. */
  readonly tryFree: (plan: string, days: number) => string;
  readonly upgrade: (plan: string) => string;
  readonly downgrade: (plan: string) => string;
  /** Pays the plan that the organization has by the other interval. */
  readonly switchTo: (interval: Interval) => string;
  /** On a plan that may be changed to once the plan that is to end is kept. */
  readonly keepFirst: (kept: string, plan: string) => string;
  readonly contact: string;
  /** A line for a flag; null: none. The shipped flags have words, a newer one is taken apart. */
  readonly feature: (flag: Feature) => string | null;
  /** A line for what a plan has of the plan below. */
  readonly everythingIn: (plan: string) => string;
  /** A line for the seats that a plan includes, if those are several. */
  readonly seats: (count: number) => string;
  /** Neither the API nor the page says what is sold. */
  readonly noPlans: string;
  readonly retry: string;
}

const featuresEnglish: Readonly<Record<string, string | null>> = {
  canUseAllModules: "All modules",
  canExportMD: "Export as Markdown",
  canExportPDF: "Export as PDF",
  canExportJSON: "Export as JSON",
  canExportBundleZip: "Export as a ZIP bundle",
  canUseGptTestReal: "Tests with the real GPT",
  hasCloudHistory: "History in the cloud",
  hasEvaluatorAI: "AI evaluator",
  hasAPI: "API",
  hasWhiteLabel: "White label",
  hasSeatsGT1: null, // said by the number of seats
};

/** @internal */
export const pricingEnglish: PricingLabels = {
  ...commonEnglish,
  title: "Plans",
  interval: "Billing interval",
  month: "Monthly",
  year: "Yearly",
  yearSaves: (percent, upTo) => `save ${upTo ? "up to " : ""}${percent}%`,
  saves: (amount) => `You save ${amount} a year`,
  discount: (off, until, duration) =>
    `${off} off${until ? ` until ${until}` : duration === "once" ? " the next invoice" : ""}`,
  per: (interval, count) => (count === 1 ? `per ${interval}` : `every ${count} ${interval}s`),
  free: "Free",
  recommended: "Recommended",
  current: "Current plan",
  currentUntil: (date) => `Current plan until ${date}`,
  scheduled: (date) => (date ? `Starts on ${date}` : "Starts after the current plan"),
  buy: (plan) => `Choose ${plan}`,
  tryFree: (plan, days) => `Try ${plan} free for ${days} days`,
  upgrade: (plan) => `Upgrade to ${plan}`,
  downgrade: (plan) => `Downgrade to ${plan}`,
  switchTo: (interval) => (interval === "year" ? "Switch to yearly" : "Switch to monthly"),
  keepFirst: (kept, plan) => `Keep ${kept} to change to ${plan}`,
  contact: "Contact us",
  feature: (flag) => {
    const known = featuresEnglish[flag];
    if (known !== undefined) return known;
    // Of a newer catalogue: canExportDocx is "Export Docx".
    const words = flag.replace(/^(canUse|can|has)(?=[A-Z])/, "").replace(/([a-z])(?=[A-Z])/g, "$1 ");
    return words.charAt(0).toUpperCase() + words.slice(1);
  },
  everythingIn: (plan) => `Everything in ${plan}`,
  seats: (count) => `${count} seats included`,
  noPlans: "The plans cannot be shown at the moment.",
  retry: "Try again",
};

// Stripe, "Supported currencies": zero-decimal and three-decimal. Every other amount is in hundredths, also
// one of HUF or ISK, for which Intl knows no decimals.
const ZERO_DECIMAL = /^(bif|clp|djf|gnf|jpy|kmf|krw|mga|pyg|rwf|vnd|vuv|xaf|xof|xpf)$/i;
const THREE_DECIMAL = /^(bhd|jod|kwd|omr|tnd)$/i;

/** An amount of Stripe's in words, without cents where there are none. @internal */
export function money(amount: number, currency: string, locale: string): string {
  const digits = ZERO_DECIMAL.test(currency) ? 0 : THREE_DECIMAL.test(currency) ? 3 : 2;
  const value = amount / 10 ** digits;
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: Number.isInteger(value) ? 0 : digits,
    maximumFractionDigits: digits,
  }).format(value);
}
