// @vitest-environment jsdom
import "./setup.js";

import { render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { BillingProvider, PricingTable } from "../../src/react/index.js";
import { money } from "../../src/react/pricingPlan.js";
import { setUp } from "../support/clients.js";
import { answer, ORG } from "../support/fakeApi.js";
import { plans } from "./plans.js";

const item = (name: string): HTMLElement => screen.getByRole("listitem", { name });

describe("PricingTable", () => {
  it("is a named region with a list of plans, each with a heading, a price and what it has", () => {
    render(<PricingTable plans={plans} onSelect={() => undefined} />);
    const region = screen.getByRole("region", { name: "Plans" });
    expect(
      within(region)
        .getAllByRole("heading", { level: 3 })
        .map((heading) => heading.textContent),
    ).toEqual(["Pilot", "Pro", "Enterprise"]);
    expect(item("Pro").textContent).toContain("$49 per month");
    expect(within(item("Pro")).getByRole("list").children).toHaveLength(2);
    expect(item("Pilot").textContent).toContain("Free");
  });

  it("tells each button's plan and price", () => {
    render(<PricingTable plans={plans} onSelect={() => undefined} />);
    const button = screen.getByRole("button", { name: "Choose Pro" });
    expect(document.getElementById(button.getAttribute("aria-describedby") ?? "")?.textContent).toBe(
      "$49 per month",
    );
    expect(screen.queryByRole("button", { name: "Choose Pilot" })).toBeNull();
  });

  it("switches between month and year with the keyboard alone", async () => {
    const onSelect = vi.fn();
    const onIntervalChange = vi.fn();
    render(<PricingTable plans={plans} onSelect={onSelect} onIntervalChange={onIntervalChange} />);
    const user = userEvent.setup();
    expect(screen.getByRole("radiogroup", { name: "Billing interval" })).toBeTruthy();
    await user.tab();
    expect(document.activeElement).toBe(screen.getByRole("radio", { name: "Monthly" }));
    await user.keyboard("{ArrowRight}");
    expect(screen.getByRole("radio", { name: "Yearly", checked: true })).toBeTruthy();
    expect(onIntervalChange).toHaveBeenCalledWith("year");
    expect(item("Pro").textContent).toContain("$490 per year");
    await user.tab();
    await user.keyboard("{Enter}");
    expect(onSelect).toHaveBeenCalledWith({ planCode: "pro", interval: "year" });
  });

  it("announces the current plan, which it has from the provider, and does not sell it again", () => {
    const { client } = setUp();
    render(
      <BillingProvider client={client} orgId={ORG} initialEntitlements={answer("pro")}>
        <PricingTable plans={plans} onSelect={() => undefined} />
      </BillingProvider>,
    );
    expect(item("Pro").getAttribute("aria-current")).toBe("true");
    expect(within(item("Pro")).getByRole("status").textContent).toBe("Current plan");
    expect(screen.queryByRole("button", { name: "Choose Pro" })).toBeNull();
    expect(item("Enterprise").hasAttribute("aria-current")).toBe(false);
  });

  it("takes no second choice while one is being worked on, and keeps the focus", async () => {
    const onSelect = vi.fn();
    const { rerender } = render(<PricingTable plans={plans} onSelect={onSelect} />);
    const user = userEvent.setup();
    await user.click(screen.getByRole("button", { name: "Choose Pro" }));
    rerender(<PricingTable plans={plans} onSelect={onSelect} pending="pro" />);
    const button = screen.getByRole("button", { name: "Opening Pro…" });
    expect(document.activeElement).toBe(button);
    await user.click(button);
    await user.click(screen.getByRole("button", { name: "Choose Enterprise" }));
    expect(onSelect).toHaveBeenCalledTimes(1);
  });

  it("leaves interval, plan, headings and sentences to the page that wants them", () => {
    render(
      <PricingTable
        plans={plans}
        onSelect={() => undefined}
        interval="year"
        currentPlan={null}
        headingLevel={2}
        className="wide"
        currency="EUR"
        locale="de-DE"
        labels={{ title: "Tarife", perYear: "im Jahr", choose: (plan) => `${plan.name} nehmen` }}
      />,
    );
    expect(screen.getByRole("region", { name: "Tarife" }).className).toBe("pf-pricing wide");
    expect(screen.getAllByRole("heading", { level: 2 })).toHaveLength(3);
    expect(screen.getByRole("button", { name: "Pro nehmen" })).toBeTruthy();
    expect(item("Pro").textContent).toMatch(/490\s€ im Jahr/);
  });

  it("takes undefined for what is not said", () => {
    const silent = plans.map((plan) => ({ ...plan, description: undefined }));
    render(
      <PricingTable
        plans={silent}
        onSelect={() => undefined}
        interval={undefined}
        defaultInterval={undefined}
        onIntervalChange={undefined}
        pending={undefined}
        currentPlan={undefined}
        currency={undefined}
        locale={undefined}
        headingLevel={undefined}
        labels={undefined}
        className={undefined}
      />,
    );
    expect(item("Pro").textContent).toContain("$49 per month");
  });

  it("shows no price and no button for what is not sold here", () => {
    render(
      <PricingTable
        plans={[
          { planCode: "enterprise", name: "Enterprise", prices: { month: null, year: null }, features: [] },
        ]}
        onSelect={() => undefined}
      />,
    );
    expect(screen.queryByRole("button")).toBeNull();
    expect(screen.queryByText("Free")).toBeNull();
  });
});

describe("money", () => {
  it.each([
    [4900, "USD", "$49"],
    [4950, "USD", "$49.50"],
    [500, "JPY", "¥500"],
    [299000, "USD", "$2,990"],
  ])("writes %i %s as %s", (amount, currency, text) => expect(money(amount, currency, "en-US")).toBe(text));
});
