// The sentences that several components say, in English.

import type { BillingError } from "../errors.js";
import type { PlanCode } from "../types.js";

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
  /** To somebody who is not signed in, or not any more. */
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

/** @internal */
export const commonEnglish: CommonLabels = {
  planName: (planCode) => planCode.charAt(0).toUpperCase() + planCode.slice(1),
  date: (date, locale) =>
    new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(date),
  problem: (error) => {
    if (error.code === "not_a_billing_admin") return commonEnglish.askAdmin;
    if (error.code === "not_a_member") return commonEnglish.notMember;
    if (error.status === 401) return commonEnglish.signedOut;
    if (error.isOutage) return "This did not work, and nothing was charged. Try again in a moment.";
    return `${error.message.replace(/\.$/, "")}.`;
  },
  askAdmin: "Only an owner or an admin of your organization can change its plan.",
  outage: "Your plan cannot be checked at the moment. Nothing about it has changed, and we keep trying.",
  signedOut: "You are not signed in. Sign in to go on.",
  notMember: "You are not a member of this organization.",
  keep: (plan) => `Keep ${plan}`,
  manage: "Manage billing",
  opening: "Opening…",
};

/** Why it is not known what an organization has. @internal */
export const whyUnknown = (error: BillingError, labels: CommonLabels): string =>
  error.isOutage ? labels.outage : labels.problem(error);
