import type { PricingPlan } from "@promptforge/billing/react";

export const plans: PricingPlan[] = [
  { planCode: "pilot", name: "Pilot", prices: { month: 0, year: null }, features: ["Export as Markdown"] },
  {
    planCode: "pro",
    name: "Pro",
    prices: { month: 4900, year: 49000 },
    features: ["All modules", "Export as PDF and JSON"],
  },
  {
    planCode: "enterprise",
    name: "Enterprise",
    prices: { month: 29900, year: 299000 },
    features: ["Five seats", "API", "White label"],
  },
];
