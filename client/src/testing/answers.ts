// Answers as the API gives them, for tests and stories.

import type { Entitlements, Feature, Interval, Plan, PlanAction, PlanCode, PlanPrice } from "../types.js";

/** The organization of answers that name none. */
export const TEST_ORG = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10";

const NOW = "2026-11-22T21:40:53Z";

/** What an answer differs in from the plain one of its plan. */
export type TestEntitlements = Partial<Omit<Entitlements, "entitlements">> & {
  /** Flags that are other than the plan has them, as after an override. */
  readonly entitlements?: Partial<Record<Feature, boolean>>;
};

/** The lowest of the shipped plans that has a flag. The compiler asks for each new one. */
const LOWEST: Readonly<Record<Feature, PlanCode>> = {
  canExportMD: "pilot",
  canUseAllModules: "pro",
  canExportPDF: "pro",
  canExportJSON: "pro",
  canUseGptTestReal: "pro",
  hasCloudHistory: "pro",
  hasEvaluatorAI: "pro",
  hasAPI: "enterprise",
  canExportBundleZip: "enterprise",
  hasWhiteLabel: "enterprise",
  hasSeatsGT1: "enterprise",
};

const SOLD: readonly {
  readonly planCode: PlanCode;
  readonly month: number;
  readonly year: number;
  readonly seats: number;
}[] = [
  { planCode: "pilot", month: 0, year: 0, seats: 1 },
  { planCode: "pro", month: 4900, year: 49000, seats: 1 },
  { planCode: "enterprise", month: 29900, year: 299000, seats: 5 },
];

const rankOf = (planCode: PlanCode): number => SOLD.findIndex((plan) => plan.planCode === planCode);

function flagsOf(planCode: PlanCode): Record<Feature, boolean> {
  const flags = Object.entries(LOWEST).map(([flag, lowest]) => [flag, rankOf(planCode) >= rankOf(lowest)]);
  return Object.fromEntries(flags) as Record<Feature, boolean>;
}

/**
 * What the API says of an organization. Default: nothing was ever bought. A paid plan is active, by the
 * month, from now.
 */
export function testEntitlements({
  entitlements,
  stale = false,
  ...other
}: TestEntitlements = {}): Entitlements {
  const { planCode = "pilot" } = other;
  const isPaid = planCode !== "pilot";
  return {
    orgId: TEST_ORG,
    planCode,
    status: isPaid ? "active" : "none",
    reason: null,
    interval: isPaid ? "month" : null,
    intervalCount: isPaid ? 1 : null,
    discounts: [],
    seats: SOLD[rankOf(planCode)]?.seats ?? 1,
    seatsUsed: 1,
    seatsOver: 0,
    currentPeriodEnd: isPaid ? "2026-12-22T21:40:52Z" : null,
    cancelAt: null,
    graceEndsAt: null,
    trialEndsAt: null,
    scheduled: null,
    collectionPaused: false,
    canManageBilling: true,
    ...other,
    entitlements: { ...flagsOf(planCode), ...entitlements },
    timestamp: other.timestamp ?? NOW,
    stale,
  };
}

/** What is sold, as the API says it; with an organization's answer also what that may do with each plan. */
export function testPlans(now?: Entitlements): readonly Plan[] {
  return SOLD.map(({ planCode, month, year, seats }, rank) => ({
    planCode,
    name: planCode.charAt(0).toUpperCase() + planCode.slice(1),
    description: null,
    rank,
    seats,
    entitlements: flagsOf(planCode),
    prices: month ? [price("month", month), price("year", year)] : [price("month", 0)],
    ...(now ? { action: actionOf(planCode, now) } : {}),
  }));
}

const price = (interval: Interval, amountCents: number): PlanPrice => ({
  interval,
  intervalCount: 1,
  currency: "usd",
  amountCents,
  sold: true,
});

function actionOf(planCode: PlanCode, now: Entitlements): PlanAction {
  if (planCode === now.planCode) return "current";
  if (planCode === now.scheduled?.planCode) return "scheduled";
  if (now.planCode === "pilot") return "buy";
  return rankOf(planCode) > rankOf(now.planCode) ? "upgrade" : "downgrade";
}
