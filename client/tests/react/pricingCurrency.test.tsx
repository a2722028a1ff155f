// @vitest-environment jsdom
import "./setup.js";

import { render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";

import type { Interval, PlanCode, PlanPrice } from "../../src/index.js";
import { BillingProvider, PricingTable, type PricingTableProps } from "../../src/react/index.js";
import { testPlans } from "../../src/testing/stub.js";
import { setUp, type Setup } from "../support/clients.js";
import { ORG } from "../support/fakeApi.js";
import { button, item } from "./table.js";

const navigate = vi.fn<(url: string) => void>();
beforeEach(() => void navigate.mockReset());

const price = (interval: Interval, currency: string, amountCents: number): PlanPrice => ({
  interval,
  intervalCount: 1,
  currency,
  amountCents,
  sold: true,
});
const dollars = [price("month", "usd", 29900), price("year", "usd", 299000)];
const deal = price("month", "eur", 19900);

/** The table of an organization that has nothing, with Enterprise at these prices. */
async function show(prices: readonly PlanPrice[], props: PricingTableProps = {}): Promise<Setup> {
  const made = setUp();
  made.api.sold = testPlans().map((plan) => (plan.planCode === "enterprise" ? { ...plan, prices } : plan));
  render(
    <BillingProvider client={made.client} orgId={ORG} navigate={navigate}>
      <PricingTable {...props} />
    </BillingProvider>,
  );
  await screen.findByRole("button", { name: "Choose Pro" });
  return made;
}
/** Presses the plan's button, and gives what was ordered. */
async function order({ api }: Setup, name: string): Promise<unknown> {
  await userEvent.setup().click(button(`Choose ${name}`));
  await waitFor(() => expect(navigate).toHaveBeenCalled());
  return api.calls.find(({ path }) => path === "/api/billing/checkout")?.body;
}
const ordered = (planCode: PlanCode, currency: string): object => ({
  orgId: ORG,
  planCode,
  interval: "month",
  currency,
});

it.each([undefined, "USD"])(
  "a plan that is sold in another currency than the page's, %s, is shown and ordered in its own",
  async (currency) => {
    const made = await show([deal], { currency });
    expect(item("Pro").textContent).toContain("$49 per month");
    expect(item("Enterprise").textContent).toContain("€199 per month");
    expect(await order(made, "Enterprise")).toEqual(ordered("enterprise", "eur"));
  },
);

it("a plan is ordered in the currency that is shown, also if nobody named one", async () => {
  const made = await show([deal]);
  expect(await order(made, "Pro")).toEqual(ordered("pro", "usd"));
});

it("a deal for one interval stands beside what everybody pays for the other, and saves nothing", async () => {
  await show([deal, price("year", "usd", 199000)]);
  expect(item("Enterprise").textContent).toContain("€199 per month");
  await userEvent.setup().click(screen.getByRole("radio", { name: /Yearly/ }));
  expect(item("Enterprise").textContent).toContain("$1,990 per year");
  expect(item("Enterprise").textContent).not.toContain("save");
});

it("of several currencies that a plan is sold in, the page's counts", async () => {
  const made = await show([...dollars, deal], { currency: "EUR" });
  expect(item("Pro").textContent).toContain("$49 per month");
  expect(item("Enterprise").textContent).toContain("€199 per month");
  expect(await order(made, "Enterprise")).toEqual(ordered("enterprise", "eur"));
});

it("a page that sells by itself is told the currency that it shows", async () => {
  const onSelect = vi.fn();
  await show([deal], { onSelect });
  await userEvent.setup().click(button("Choose Enterprise"));
  const { orgId: _, ...choice } = ordered("enterprise", "eur") as { orgId: string };
  expect(onSelect).toHaveBeenCalledWith(choice, "buy");
});
