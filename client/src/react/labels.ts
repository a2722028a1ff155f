// Every sentence of this package's components, in English.

import type { BillingError } from "../errors.js";
import type { Feature, Interval, PlanCode } from "../types.js";

/** Sentences that several components say. */
export interface CommonLabels {
  /** A plan of which nothing but the code is known. */
  readonly planName: (planCode: PlanCode) => string;
  /** A day. In UTC, so that server and browser write the same one. */
  readonly date: (date: Date, locale: string) => string;
  /** Why a click led nowhere. */
  readonly problem: (error: BillingError) => string;
  /** To a member who may not change the plan. */
  readonly askAdmin: string;
  /** Nobody knows what the organization has. */
  readonly outage: string;
  /** To somebody who is not signed in any more. */
  readonly signedOut: string;
  /** To somebody who is not a member. */
  readonly notMember: string;
  /** On the button that keeps a plan which is to end or to change. */
  readonly keep: (plan: string) => string;
  /** On the button that leads to the portal. */
  readonly manage: string;
  /** On a button while it is being worked on. */
  readonly opening: string;
}

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

/** Every sentence of the banner. */
export interface BannerLabels extends CommonLabels {
  readonly pastDue: (plan: string, date: string) => string;
  /** The time to pay is over. */
  readonly off: string;
  readonly paused: string;
  readonly trial: (plan: string, date: string) => string;
  readonly canceled: (plan: string, date: string) => string;
  readonly scheduled: (plan: string, interval: Interval, date: string) => string;
  readonly seatsOver: (used: number, seats: number) => string;
  readonly updatePaymentMethod: string;
}

/** @internal */
export const commonEnglish: CommonLabels = {
  planName: (planCode) => planCode.charAt(0).toUpperCase() + planCode.slice(1),
  date: (date, locale) => new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(date),
  problem: (error) => {
    if (error.code === "not_a_billing_admin") return commonEnglish.askAdmin;
    if (error.code === "not_a_member") return commonEnglish.notMember;
    if (error.status === 401) return commonEnglish.signedOut;
    if (error.isOutage) return "This did not work, and nothing was charged. Try again in a moment.";
    return `${error.message.replace(/\.$/, "")}.`;
  },
  askAdmin: "Only an owner or an admin of your organization can change its plan.",
  outage: "Your plan cannot be checked at the moment. Nothing about it has changed, and we keep trying.",
  signedOut: "You are not signed in any more. Sign in again to go on.",
  notMember: "You are not a member of this organization.",
  keep: (plan) => `Keep ${plan}`,
  manage: "Manage billing",
  opening: "Opening…",
};

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

/** @internal */
export const bannerEnglish: BannerLabels = {
  ...commonEnglish,
  pastDue: (plan, date) => `The last payment failed. ${plan} stays on until ${date}.`,
  off: "The last payment failed, so what the plan adds is off until it is paid.",
  paused: "Your subscription is paused.",
  trial: (plan, date) => `The trial of ${plan} ends on ${date}.`,
  canceled: (plan, date) => `${plan} is canceled and ends on ${date}.`,
  scheduled: (plan, interval, date) => `The plan changes to ${plan}, paid ${interval === "year" ? "yearly" : "monthly"}, on ${date}.`,
  seatsOver: (used, seats) => `${used} members share ${seats === 1 ? "1 seat" : `${seats} seats`}.`,
  updatePaymentMethod: "Update payment method",
};

/** Why it is not known what an organization has. @internal */
export const whyUnknown = (error: BillingError, labels: CommonLabels): string => (error.isOutage ? labels.outage : labels.problem(error));

/** An amount in words, without cents where there are none. @internal */
export function money(amount: number, currency: string, locale: string): string {
  const style = { style: "currency", currency } as const;
  const digits = new Intl.NumberFormat(locale, style).resolvedOptions().maximumFractionDigits ?? 2;
  const value = amount / 10 ** digits;
  return new Intl.NumberFormat(locale, { ...style, minimumFractionDigits: Number.isInteger(value) ? 0 : digits }).format(value);
}
