import type { PricingPlan } from "@promptforge/billing/react";

/** Words, and prices to show until the API says what is sold, and where it cannot. */
export const plans: PricingPlan[] = [
  {
    planCode: "pilot",
    name: "Pilot",
    description: "To look around.",
    prices: { month: 0, year: null },
    features: ["Export as Markdown"],
  },
  {
    planCode: "pro",
    name: "Pro",
    description: "For one person who works with it every day.",
    prices: { month: 4900, year: 49000 },
    features: [
      "Everything in Pilot",
      "All modules",
      "Export as PDF and JSON",
      "Tests with the real GPT",
      "History in the cloud",
      "AI evaluator",
    ],
  },
  {
    planCode: "enterprise",
    name: "Enterprise",
    description: "For teams, and for programs.",
    prices: { month: 29900, year: 299000 },
    features: ["Everything in Pro", "Five seats", "API", "Export as a ZIP bundle", "White label"],
  },
];
