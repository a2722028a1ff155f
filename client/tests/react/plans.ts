import type { PricingPlan } from "../../src/react/index.js";

/** What a page says of its plans. */
export const plans: readonly PricingPlan[] = [
  { planCode: "pilot", name: "Pilot", prices: { month: 0, year: null }, features: ["Export as Markdown"] },
  {
    planCode: "pro",
    name: "Pro",
    description: "For one person",
    prices: { month: 4900, year: 49000 },
    features: ["All modules", "Export as PDF"],
  },
  {
    planCode: "enterprise",
    name: "Enterprise",
    prices: { month: 29900, year: 299000 },
    features: ["Five seats", "API"],
  },
];
