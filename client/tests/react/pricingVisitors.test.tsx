// @vitest-environment jsdom
import "./setup.js";

import { act, render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { BillingError } from "../../src/index.js";
import { money } from "../../src/react/pricingLabels.js";
import { PricingTable } from "../../src/react/index.js";
import { testPlans } from "../../src/testing/stub.js";
import { plans } from "./plans.js";

const item = (name: string): HTMLElement => screen.getByRole("listitem", { name });
const button = (name: string): HTMLElement => screen.getByRole("button", { name });
const buttons = (): (string | null)[] => screen.queryAllByRole("button").map((each) => each.textContent);

describe("on a page for visitors", () => {
  it("is a named region with a list of plans, each with a heading, a price and what it has", () => {
    render(<PricingTable plans={plans} />);
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

  it("has buttons only if the page says what they do, each with its plan and price", () => {
    const { rerender } = render(<PricingTable plans={plans} />);
    expect(buttons()).toEqual([]);
    rerender(<PricingTable plans={plans} onSelect={() => undefined} />);
    expect(buttons()).toEqual(["Choose Pro", "Choose Enterprise"]);
    expect(
      document.getElementById(button("Choose Pro").getAttribute("aria-describedby") ?? "")?.textContent,
    ).toBe("$49 per month");
  });

  it("switches between month and year with the keyboard alone", async () => {
    const onSelect = vi.fn();
    const onIntervalChange = vi.fn();
    render(<PricingTable plans={plans} onSelect={onSelect} onIntervalChange={onIntervalChange} seats={3} />);
    const user = userEvent.setup();
    expect(screen.getByRole("radiogroup", { name: "Billing interval" })).toBeTruthy();
    await user.tab();
    expect(document.activeElement).toBe(screen.getByRole("radio", { name: "Monthly" }));
    await user.keyboard("{ArrowRight}");
    expect(screen.getByRole("radio", { name: "Yearly save 16%", checked: true })).toBeTruthy();
    expect(onIntervalChange).toHaveBeenCalledWith("year");
    expect(item("Pro").textContent).toContain("$490 per year");
    await user.tab();
    await user.keyboard("{Enter}");
    expect(onSelect).toHaveBeenCalledWith({ planCode: "pro", interval: "year", seats: 3 }, "buy");
  });

  it("says what a year saves, in the plan and for all", async () => {
    const dearer = plans.map((plan) =>
      plan.planCode === "pro" ? { ...plan, prices: { month: 4900, year: 58800 } } : plan,
    );
    render(<PricingTable plans={dearer} defaultInterval="year" />);
    expect(screen.getByRole("radio", { name: "Yearly save up to 16%" })).toBeTruthy();
    expect(item("Enterprise").textContent).toContain("You save $598 a year");
    expect(item("Pro").textContent).not.toContain("save");
  });

  it("offers no choice of an interval where there is only one", () => {
    render(
      <PricingTable
        plans={plans.map((plan) => ({ ...plan, prices: { month: plan.prices?.month ?? null, year: null } }))}
      />,
    );
    expect(screen.queryByRole("radiogroup")).toBeNull();
  });

  it("takes no second choice meanwhile, keeps the focus, and shows why it failed", async () => {
    let fail: (error: unknown) => void = () => undefined;
    const onSelect = vi.fn(() => new Promise<void>((_, reject) => (fail = reject)));
    render(<PricingTable plans={plans} onSelect={onSelect} />);
    const user = userEvent.setup();
    await user.click(button("Choose Pro"));
    expect(document.activeElement).toBe(button("Opening…"));
    await user.click(button("Opening…"));
    await user.click(button("Choose Enterprise"));
    expect(onSelect).toHaveBeenCalledTimes(1);
    await act(async () => fail(new BillingError("invalid_plan", "The plan is gone", { status: 400 })));
    expect(within(item("Pro")).getByRole("alert").textContent).toBe("The plan is gone.");
    await user.click(button("Choose Enterprise"));
    expect(onSelect).toHaveBeenCalledTimes(2);
    expect(within(item("Pro")).getByRole("alert").textContent).toBe("");
  });

  it("leaves interval, headings, currency and sentences to the page that wants them", () => {
    render(
      <PricingTable
        plans={plans}
        onSelect={() => undefined}
        interval="year"
        headingLevel={2}
        className="wide"
        currency="EUR"
        locale="de-DE"
        recommended="pro"
        labels={{
          title: "Tarife",
          per: () => "im Jahr",
          buy: (plan) => `${plan} nehmen`,
          recommended: "Empfohlen",
        }}
      />,
    );
    expect(screen.getByRole("region", { name: "Tarife" }).className).toBe("pf-pricing wide");
    expect(screen.getAllByRole("heading", { level: 2 })).toHaveLength(3);
    expect(button("Pro nehmen")).toBeTruthy();
    expect(item("Pro").textContent).toMatch(/490\s€ im Jahr/);
    expect(within(item("Pro")).getByText("Empfohlen")).toBeTruthy();
  });

  it("takes undefined for what is not said", () => {
    const silent = plans.map((plan) => ({ ...plan, description: undefined }));
    render(
      <PricingTable
        plans={silent}
        onSelect={undefined}
        interval={undefined}
        defaultInterval={undefined}
        onIntervalChange={undefined}
        seats={undefined}
        recommended={undefined}
        contactUrl={undefined}
        currency={undefined}
        locale={undefined}
        headingLevel={undefined}
        labels={undefined}
        className={undefined}
        successUrl={undefined}
        cancelUrl={undefined}
        returnUrl={undefined}
      />,
    );
    expect(item("Pro").textContent).toContain("$49 per month");
  });

  it("shows no price and no button for what is not sold here, and leads to who sells it", () => {
    const [, , top] = testPlans();
    const own = { planCode: "pro", name: "Pro", prices: { month: null, year: null } } as const;
    const { rerender } = render(<PricingTable plans={[own]} onSelect={() => undefined} />);
    expect(buttons()).toEqual([]);
    expect(screen.queryByText("Free")).toBeNull();
    rerender(
      <PricingTable
        plans={[{ ...top!, prices: [], action: "contact" }]}
        contactUrl="mailto:sales@example.com"
      />,
    );
    expect(screen.getByRole("link", { name: "Contact us" }).getAttribute("href")).toBe(
      "mailto:sales@example.com",
    );
  });

  it("shows what a server asked the API for, as the API orders it", () => {
    render(<PricingTable plans={[...testPlans()].reverse()} onSelect={() => undefined} />);
    expect(screen.getAllByRole("heading").map((heading) => heading.textContent)).toEqual([
      "Pilot",
      "Pro",
      "Enterprise",
    ]);
    expect(buttons()).toEqual(["Choose Pro", "Choose Enterprise"]);
  });
});

describe("money", () => {
  it.each([
    [4900, "USD", "$49"],
    [4950, "USD", "$49.50"],
    [500, "JPY", "¥500"],
    [299000, "USD", "$2,990"],
    [4900, "usd", "$49"],
    [490000, "huf", "HUF 4,900"],
    [490050, "HUF", "HUF 4,900.50"],
    [500000, "isk", "ISK 5,000"],
    [500000, "ugx", "UGX 5,000"],
    [490000, "idr", "IDR 4,900"],
    [500, "jpy", "¥500"],
    [5120, "kwd", "KWD 5.120"],
    [5000, "kwd", "KWD 5"],
  ])("writes %i %s, as Stripe counts it, as %s", (amount, currency, text) =>
    expect(money(amount, currency, "en-US").replace(/\s/g, " ")).toBe(text),
  );
});
