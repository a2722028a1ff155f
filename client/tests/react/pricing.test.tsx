// @vitest-environment jsdom
import "./setup.js";

import { act, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { Entitlements } from "../../src/index.js";
import { testPlans } from "../../src/testing/stub.js";
import { setUp } from "../support/clients.js";
import { answer, held, ORG, OTHER_ORG } from "../support/fakeApi.js";
import { buttons, item, show, table } from "./table.js";

describe("for an organization", () => {
  it("says all as the API does, where the page says nothing", async () => {
    await show();
    expect(item("Pilot").textContent).toContain("Free");
    expect(within(item("Pilot")).getByRole("status").textContent).toBe("Current plan");
    expect(item("Pro").textContent).toContain("$49 per month");
    expect(
      within(within(item("Enterprise")).getByRole("list"))
        .getAllByRole("listitem")
        .map((line) => line.textContent),
    ).toEqual(["Everything in Pro", "5 seats included", "API", "Export as a ZIP bundle", "White label"]);
  });

  it("says what is taken off the plan that the organization has", async () => {
    const off = { name: null, percentOff: null, amountOff: null, currency: null, endsAt: null };
    await show({
      planCode: "pro",
      discounts: [
        { ...off, percentOff: 12.5, duration: "repeating", endsAt: "2027-02-22T12:00:00Z" },
        { ...off, amountOff: 500, currency: "usd", duration: "once" },
        { ...off, percentOff: 10, duration: "forever" },
      ],
    });
    const lines = [...document.querySelectorAll(".pf-pricing-discount")];
    expect(lines.map((line) => line.textContent)).toEqual([
      "12.5% off until February 22, 2027",
      "$5 off the next invoice",
      "10% off",
    ]);
    expect(lines.every((line) => item("Pro").contains(line))).toBe(true);
  });

  it("says nothing of discounts that are not known", async () => {
    await show({ planCode: "pro", discounts: null });
    expect(item("Pro").textContent).toContain("Current plan");
    expect(document.querySelector(".pf-pricing-discount")).toBeNull();
  });

  it("has a line for a flag that a newer catalogue brings", async () => {
    const { api, client } = setUp();
    api.sold = testPlans().map((plan) => ({
      ...plan,
      entitlements: { ...plan.entitlements, canExportDocx: plan.planCode === "enterprise" },
    }));
    render(table(client, undefined, { plans: undefined }));
    expect(await screen.findByText("Export Docx")).toBeTruthy();
  });

  it("shows the page's words at the API's prices", async () => {
    await show(
      {},
      {
        plans: [
          { planCode: "pro", name: "Professional", prices: { month: 1, year: 2 }, features: ["Everything"] },
        ],
      },
    );
    expect(item("Professional").textContent).toContain("$49 per month");
    expect(item("Professional").textContent).toContain("Everything");
    expect(item("Enterprise")).toBeTruthy();
  });

  it.each<[string, Partial<Entitlements>, (string | null)[]]>([
    ["has nothing", {}, ["Choose Pro", "Choose Enterprise"]],
    ["had something", { status: "canceled" }, ["Choose Pro", "Choose Enterprise"]],
    ["has Pro", { planCode: "pro" }, ["Downgrade to Pilot", "Upgrade to Enterprise"]],
    ["has Enterprise", { planCode: "enterprise" }, ["Downgrade to Pilot", "Downgrade to Pro"]],
    [
      "canceled Pro",
      { planCode: "pro", cancelAt: "2026-12-22T21:40:52Z" },
      ["Keep Pro", "Keep Pro to change to Enterprise"],
    ],
    [
      "canceled Enterprise, which it pays yearly",
      { planCode: "enterprise", interval: "year", cancelAt: "2026-12-22T21:40:52Z" },
      ["Keep Enterprise to change to Pro", "Keep Enterprise"],
    ],
    [
      "has what no plan of the catalogue is sold for",
      { status: "active", reason: "unknown_price" },
      ["Manage billing", "Manage billing"],
    ],
    [
      "pays each quarter",
      { planCode: "pro", intervalCount: 3 },
      ["Downgrade to Pilot", "Switch to monthly", "Upgrade to Enterprise"],
    ],
    ["did not pay in time", { planCode: "pilot", status: "unpaid" }, ["Manage billing", "Manage billing"]],
    ["is a member's, who may not buy", { planCode: "pro", canManageBilling: false }, []],
  ])("one that %s is offered what fits", async (_, more, words) => {
    await show(more);
    expect(buttons()).toEqual(words);
  });

  it("has the current plan by its interval, and offers the other one", async () => {
    await show({ planCode: "pro", interval: "year" });
    expect(screen.getByRole("radio", { name: /Yearly/, checked: true })).toBeTruthy();
    expect(within(item("Pro")).queryByRole("button")).toBeNull();
    expect(within(item("Pro")).getByRole("status").textContent).toBe("Current plan");
    await userEvent.setup().click(screen.getByRole("radio", { name: "Monthly" }));
    expect(within(item("Pro")).getByRole("button").textContent).toBe("Switch to monthly");
    expect(item("Pro").getAttribute("aria-current")).toBe("true");
  });

  it("shows a change that waits, from when on and until when", async () => {
    const scheduled = { planCode: "pro", interval: "month", seats: 1, at: "2026-12-22T21:40:52Z" } as const;
    await show({ planCode: "enterprise", scheduled });
    expect(within(item("Pro")).getByRole("status").textContent).toBe("Starts on December 22, 2026");
    expect(within(item("Enterprise")).getByRole("status").textContent).toBe(
      "Current plan until December 22, 2026",
    );
    expect(buttons()).toEqual(["Downgrade to Pilot", "Keep Enterprise"]);
  });

  it("shows that a canceled plan is followed by the free one", async () => {
    await show({ planCode: "pro", cancelAt: "2026-12-22T21:40:52Z" });
    expect(within(item("Pilot")).getByRole("status").textContent).toBe("Starts on December 22, 2026");
    expect(within(item("Pro")).getByRole("status").textContent).toBe("Current plan until December 22, 2026");
  });

  it("keeps a canceled plan before it is paid by the other interval", async () => {
    await show({ planCode: "pro", cancelAt: "2026-12-22T21:40:52Z" });
    await userEvent.setup().click(screen.getByRole("radio", { name: /Yearly/ }));
    expect(within(item("Pro")).getByRole("status").textContent).toBe("Current plan until December 22, 2026");
    expect(buttons()).toEqual(["Keep Pro", "Keep Pro to change to Enterprise"]);
  });

  it("takes fewer seats of the same plan for no other plan", async () => {
    await show({
      planCode: "enterprise",
      scheduled: { planCode: "enterprise", interval: "month", seats: 5, at: "2026-12-22T21:40:52Z" },
    });
    expect(within(item("Enterprise")).getByRole("status").textContent).toBe("Current plan");
  });

  it("says what is free at first, and puts a plan forward to who has less", async () => {
    const made = setUp();
    made.api.sold = testPlans().map((plan) => (plan.planCode === "pro" ? { ...plan, trialDays: 14 } : plan));
    render(table(made.client, undefined, { recommended: "pro" }));
    expect(await screen.findByRole("button", { name: "Try Pro free for 14 days" })).toBeTruthy();
    expect(within(item("Pro")).getByText("Recommended")).toBeTruthy();
    made.api.plans.set(ORG, "enterprise");
    act(() => void window.dispatchEvent(new Event("focus")));
    await screen.findByRole("button", { name: "Downgrade to Pro" });
    expect(screen.queryByText("Recommended")).toBeNull();
  });

  it("tells a member who may not buy whom to ask", async () => {
    await show({ canManageBilling: false });
    expect(
      screen
        .getByText("Only an owner or an admin of your organization can change its plan.")
        .getAttribute("role"),
    ).toBe("status");
  });

  it("keeps the place of each button until it is known what there is", async () => {
    const { api, client } = setUp();
    const slow = held();
    api.next.push(slow.answerer);
    render(table(client));
    expect(buttons()).toEqual([]);
    expect(document.querySelectorAll(".pf-pricing-space")).toHaveLength(2);
    await waitFor(() => expect(api.calls.length).toBeGreaterThan(0));
    await act(async () => slow.release(Response.json({ success: true, ...answer("pilot") })));
    expect(await screen.findByRole("button", { name: "Choose Pro" })).toBeTruthy();
    expect(document.querySelector(".pf-pricing-space")).toBeNull();
  });

  it("works with an API that says neither plans nor interval", async () => {
    const { api, client } = setUp();
    api.plans.set(ORG, "pro");
    render(table(client));
    expect(await screen.findByRole("button", { name: "Upgrade to Enterprise" })).toBeTruthy();
    await userEvent.setup().click(screen.getByRole("radio", { name: /Yearly/ }));
    expect(within(item("Pro")).getByRole("status").textContent).toBe("Current plan");
    expect(within(item("Pro")).queryByRole("button")).toBeNull();
  });

  it("never offers again what was bought meanwhile, though the plans are not asked for yet", async () => {
    const { api } = await show();
    expect(buttons()).toEqual(["Choose Pro", "Choose Enterprise"]);
    const plans = held();
    api.next.push(() => Response.json({ success: true, ...answer("pro") }), plans.answerer);
    act(() => void window.dispatchEvent(new Event("focus")));
    expect(await screen.findByRole("button", { name: "Upgrade to Enterprise" })).toBeTruthy();
    expect(buttons()).toEqual(["Downgrade to Pilot", "Upgrade to Enterprise"]);
    expect(api.next).toHaveLength(0);
  });

  it("asks for the plans once, and once more when the plan has changed", async () => {
    const { api } = await show();
    const asked = (): number => api.calls.filter(({ path }) => path.startsWith("/api/billing/plans")).length;
    expect(asked()).toBe(1);
    api.plans.set(ORG, "pro");
    api.more = {};
    act(() => void window.dispatchEvent(new Event("focus")));
    await waitFor(() => expect(asked()).toBe(2));
    await screen.findByRole("button", { name: "Upgrade to Enterprise" });
    expect(asked()).toBe(2);
  });

  it("shows another organization what that one may do", async () => {
    const { api, client } = setUp();
    api.sold = testPlans();
    api.plans.set(OTHER_ORG, "enterprise");
    const { rerender } = render(table(client));
    await screen.findByRole("button", { name: "Choose Pro" });
    rerender(table(client, undefined, {}, OTHER_ORG));
    expect(buttons()).toEqual([]);
    expect(await screen.findByRole("button", { name: "Downgrade to Pro" })).toBeTruthy();
    expect(screen.queryByRole("button", { name: /Choose/ })).toBeNull();
  });
});
