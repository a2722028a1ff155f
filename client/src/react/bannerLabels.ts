// The sentences of the banner, in English.

import type { Interval } from "../types.js";
import { commonEnglish, type CommonLabels } from "./labels.js";

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
export const bannerEnglish: BannerLabels = {
  ...commonEnglish,
  pastDue: (plan, date) => `The last payment failed. ${plan} stays on until ${date}.`,
  off: "The last payment failed, so what the plan adds is off until it is paid.",
  paused: "Your subscription is paused.",
  trial: (plan, date) => `The trial of ${plan} ends on ${date}.`,
  canceled: (plan, date) => `${plan} is canceled and ends on ${date}.`,
  scheduled: (plan, interval, date) =>
    `The plan changes to ${plan}, paid ${interval === "year" ? "yearly" : "monthly"}, on ${date}.`,
  seatsOver: (used, seats) => `${used} members share ${seats === 1 ? "1 seat" : `${seats} seats`}.`,
  updatePaymentMethod: "Update payment method",
};
