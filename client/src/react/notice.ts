// What a person should be told of the subscription, the most pressing thing first. Nothing of React.

import type { EntitlementsState, Interval, PlanCode } from "../types.js";
import { isLive } from "./offer.js";

/**
 * - `past_due`: a payment failed and the plan stays on until the date; `off`: that date is over;
 * - `paused`: no payments are collected;
 * - `canceled`: the plan ends on the date; `trial`: the trial does;
 * - `scheduled`: the plan changes on the date;
 * - `seats`: more members than seats;
 * - `outage`: nobody knows what the organization has; `refused`: nobody is signed in, or the person is not a
 *   member.
 */
export type NoticeKind =
  "past_due" | "off" | "paused" | "canceled" | "trial" | "scheduled" | "seats" | "outage" | "refused";

/** @internal */
export interface Notice {
  readonly kind: NoticeKind;
  readonly planCode?: PlanCode;
  readonly interval?: Interval;
  /** An ISO 8601 date and time. */
  readonly date?: string;
}

const DAY = 86_400_000;

/** @internal */
export function noticesOf(
  { entitlements: now, error }: EntitlementsState,
  trialNotice: number,
): readonly Notice[] {
  if (!now) return error ? [{ kind: error.isOutage ? "outage" : "refused" }] : [];
  const { planCode, status, graceEndsAt, cancelAt, scheduled, trialEndsAt, seatsUsed } = now;
  // The API's own clock, so that the server and the browser draw the same.
  const left = (date: string): number => Date.parse(date) - Date.parse(now.timestamp);
  const found: Notice[] = [];
  if (graceEndsAt && left(graceEndsAt) > 0) found.push({ kind: "past_due", planCode, date: graceEndsAt });
  else if (status === "past_due" || status === "unpaid") found.push({ kind: "off" });
  if (now.collectionPaused || status === "paused") found.push({ kind: "paused" });
  if (cancelAt && left(cancelAt) > 0) found.push({ kind: "canceled", planCode, date: cancelAt });
  else if (trialEndsAt && left(trialEndsAt) > 0 && left(trialEndsAt) <= trialNotice * DAY)
    found.push({ kind: "trial", planCode, date: trialEndsAt });
  if (scheduled) {
    const { planCode: next, interval, at: date } = scheduled;
    const known = interval === "month" || interval === "year" ? interval : undefined;
    found.push({ kind: "scheduled", planCode: next, date, ...(known && { interval: known }) });
  }
  if (typeof seatsUsed === "number" && seatsUsed > now.seats && isLive(now)) found.push({ kind: "seats" });
  return found;
}
