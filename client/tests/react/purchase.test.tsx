// @vitest-environment jsdom
import "./setup.js";

import { act, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { StrictMode, type ReactElement, type ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Entitlements } from "../../src/index.js";
import { BillingProvider, PricingTable, type PricingTableProps } from "../../src/react/index.js";
import { testPlans } from "../../src/testing/stub.js";
import { setUp, type Setup } from "../support/clients.js";
import { failure, held, ORG, OTHER_ORG, tokenOf } from "../support/fakeApi.js";

const navigate = vi.fn<(url: string) => void>();
beforeEach(() => void navigate.mockReset());
afterEach(() => void vi.useRealTimers());

const around = (
  client: Setup["client"],
  children: ReactNode,
  initial?: Entitlements,
  orgId = ORG,
): ReactElement => (
  <StrictMode>
    <BillingProvider client={client} orgId={orgId} initialEntitlements={initial} navigate={navigate}>
      {children}
    </BillingProvider>
  </StrictMode>
);
const button = (name: string): HTMLElement => screen.getByRole("button", { name });
const posts = ({ api }: Setup): unknown[] =>
  api.calls.filter(({ method }) => method === "POST").map(({ path, body }) => [path, body]);

/** The table, for an organization with this plan. */
async function show(
  planCode: Entitlements["planCode"],
  props: PricingTableProps = {},
  more: Partial<Entitlements> = {},
): Promise<Setup & { page: ReturnType<typeof render> }> {
  const made = setUp();
  made.api.plans.set(ORG, planCode);
  made.api.more = more;
  made.api.sold = testPlans();
  const page = render(around(made.client, <PricingTable {...props} />));
  await screen.findAllByRole("button");
  await waitFor(() =>
    expect(made.api.calls.some(({ path }) => path.startsWith("/api/billing/plans"))).toBe(true),
  );
  return { ...made, page };
}
const press = (name: string): Promise<void> => userEvent.setup().click(button(name));
const back = (persisted: boolean): Promise<void> =>
  act(async () => void window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted })));

describe("a button of the table", () => {
  it("leads to the checkout of its plan and interval", async () => {
    const made = await show("pilot", {
      successUrl: "/acme/success?session={CHECKOUT_SESSION_ID}",
      cancelUrl: "",
      seats: 2,
    });
    await userEvent.setup().click(screen.getByRole("radio", { name: /Yearly/ }));
    await press("Choose Pro");
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("https://checkout.test/cs_1"));
    const { origin } = window.location;
    const order = {
      orgId: ORG,
      planCode: "pro",
      interval: "year",
      seats: 2,
      currency: "usd",
      successUrl: `${origin}/acme/success?session={CHECKOUT_SESSION_ID}`,
      cancelUrl: `${origin}/`,
    };
    expect(posts(made)).toEqual([["/api/billing/checkout", order]]);
  });

  it("sells in the currency that it shows", async () => {
    const made = await show("pilot", { currency: "USD" });
    await press("Choose Pro");
    const order = { orgId: ORG, planCode: "pro", interval: "month", currency: "usd" };
    await waitFor(() => expect(posts(made)).toEqual([["/api/billing/checkout", order]]));
  });

  it("leads who pays to the page that confirms the change", async () => {
    const made = await show("pro", { returnUrl: "", currency: "USD" });
    await press("Upgrade to Enterprise");
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("https://portal.test/bps_1"));
    const flow = { type: "update", planCode: "enterprise", interval: "month" };
    expect(posts(made)).toEqual([
      ["/api/billing/portal", { orgId: ORG, returnUrl: `${window.location.origin}/`, flow }],
    ]);
  });

  it.each([
    ["Downgrade to Pilot", {}, { type: "cancel" }],
    ["Switch to yearly", { interval: "month" }, { type: "update", planCode: "pro", interval: "year" }],
    ["Keep Pro", { interval: "year", cancelAt: "2026-12-22T21:40:52Z" }, undefined],
    ["Keep Pro to change to Enterprise", { cancelAt: "2026-12-22T21:40:52Z" }, undefined],
  ] as const)("%s leads to where that is done", async (name, more, flow) => {
    const made = await show("pro", { interval: "year" }, more);
    await press(name);
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("https://portal.test/bps_1"));
    expect(posts(made)).toEqual([["/api/billing/portal", { orgId: ORG, ...(flow ? { flow } : {}) }]]);
  });

  it("leads to the portal's first page if that has no page for the change", async () => {
    const made = await show("pro");
    made.api.next.push(() => failure(409, "flow_unavailable"));
    await press("Upgrade to Enterprise");
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("https://portal.test/bps_1"));
    expect(posts(made)).toEqual([
      ["/api/billing/portal", expect.objectContaining({ flow: expect.anything() as unknown })],
      ["/api/billing/portal", { orgId: ORG }],
    ]);
  });

  it("leads to the checkout if the plan has ended meanwhile", async () => {
    const made = await show("pro", { returnUrl: "", cancelUrl: "plans", currency: "USD" });
    made.api.plans.set(ORG, "pilot");
    made.api.more = { status: "canceled" };
    made.api.next.push(() => failure(409, "flow_unavailable"));
    await press("Upgrade to Enterprise");
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("https://checkout.test/cs_1"));
    const order = { orgId: ORG, planCode: "enterprise", interval: "month", currency: "usd" };
    expect(posts(made)).toEqual([
      ["/api/billing/portal", expect.objectContaining({ flow: expect.anything() as unknown })],
      ["/api/billing/checkout", { ...order, cancelUrl: `${window.location.origin}/plans` }],
    ]);
  });

  it("sends one request, whatever is pressed meanwhile, and says which plan it works on", async () => {
    const made = await show("pilot");
    const slow = held();
    made.api.next.push(slow.answerer);
    act(() => {
      button("Choose Pro").click();
      button("Choose Pro").click();
      button("Choose Enterprise").click();
    });
    expect(within(screen.getByRole("listitem", { name: "Pro" })).getByRole("button").textContent).toBe(
      "Opening…",
    );
    expect(button("Choose Enterprise").getAttribute("aria-disabled")).toBe("true");
    await press("Choose Enterprise");
    await act(async () => slow.release(Response.json({ success: true, url: "https://checkout.test/cs_1" })));
    expect(navigate).toHaveBeenCalledTimes(1);
    expect(posts(made)).toHaveLength(1);
    await press("Choose Enterprise"); // the page is being left
    expect(posts(made)).toHaveLength(1);
  });

  it("can be pressed again when the back button brings the page back as it was left", async () => {
    const made = await show("pilot");
    await press("Choose Pro");
    await waitFor(() => expect(navigate).toHaveBeenCalledTimes(1));
    await back(false);
    expect(button("Opening…")).toBeTruthy();
    await back(true);
    expect(button("Choose Pro").hasAttribute("aria-disabled")).toBe(false);
    await press("Choose Enterprise");
    await waitFor(() => expect(navigate).toHaveBeenCalledTimes(2));
    expect(posts(made)).toHaveLength(2);
  });

  it("is usable after a return in the middle of the request, which leads nowhere then", async () => {
    const made = await show("pilot");
    const slow = held();
    made.api.next.push(slow.answerer);
    await press("Choose Pro");
    await back(true);
    await act(async () => slow.release(Response.json({ success: true, url: "https://checkout.test/late" })));
    expect(navigate).not.toHaveBeenCalled();
    expect(button("Choose Pro")).toBeTruthy();
  });

  it("can be pressed again if Stripe's page opened elsewhere, and if it never came", async () => {
    await show("pilot");
    await press("Choose Pro");
    await waitFor(() => expect(navigate).toHaveBeenCalledTimes(1));
    act(() => void document.dispatchEvent(new Event("visibilitychange")));
    expect(button("Choose Pro")).toBeTruthy();
    vi.useFakeTimers();
    await act(async () => button("Choose Pro").click());
    await act(() => vi.advanceTimersByTimeAsync(9_999));
    expect(button("Opening…")).toBeTruthy();
    await act(() => vi.advanceTimersByTimeAsync(1));
    expect(button("Choose Pro")).toBeTruthy();
  });

  it.each([
    [
      () => Promise.reject(new TypeError("fetch failed")),
      "This did not work, and nothing was charged. Try again in a moment.",
    ],
    [
      () => Response.json({ success: false, code: "stripe_error", error: "Stripe" }, { status: 502 }),
      "This did not work, and nothing was charged. Try again in a moment.",
    ],
    [
      () => Response.json({ success: false, code: "not_a_billing_admin", error: "No" }, { status: 403 }),
      "Only an owner or an admin of your organization can change its plan.",
    ],
    [
      () => Response.json({ success: false, code: "invalid_plan", error: "No such plan" }, { status: 400 }),
      "No such plan.",
    ],
    [
      () => Response.json({ success: true, url: "javascript:alert(1)" }),
      "This did not work, and nothing was charged. Try again in a moment.",
    ],
  ])("shows in its plan why it led nowhere, and is usable: %#", async (answerer, sentence) => {
    const made = await show("pilot");
    made.api.next.push(answerer);
    await press("Choose Pro");
    expect(within(screen.getByRole("listitem", { name: "Pro" })).getByRole("alert").textContent).toBe(
      sentence,
    );
    expect(navigate).not.toHaveBeenCalled();
    await press("Choose Pro");
    await waitFor(() => expect(navigate).toHaveBeenCalledTimes(1));
    expect(screen.getAllByRole("alert").every((region) => region.textContent === "")).toBe(true);
  });

  it("says that the session has ended, and is usable for the next person", async () => {
    const made = await show("pilot");
    made.api.expired.add(tokenOf("ada"));
    await press("Choose Pro");
    expect(await screen.findByText("You are not signed in. Sign in to go on.")).toBeTruthy();
    made.signIn(tokenOf("bob"));
    act(() => made.client.clear());
    expect(await screen.findByRole("button", { name: "Choose Pro" })).toBeTruthy();
  });

  it("says nothing when another person signs in meanwhile, and leads nowhere", async () => {
    const made = await show("pilot");
    const slow = held();
    made.api.next.push(slow.answerer);
    await press("Choose Pro");
    made.signIn(tokenOf("bob"));
    act(() => made.client.clear());
    await act(async () => slow.release(Response.json({ success: true, url: "https://checkout.test/ada" })));
    expect(navigate).not.toHaveBeenCalled();
    expect(await screen.findByRole("button", { name: "Choose Pro" })).toBeTruthy();
  });

  it("leads nowhere for an organization that is not looked at, or a page that is gone", async () => {
    const made = await show("pilot");
    made.api.plans.set(OTHER_ORG, "pilot");
    for (const leave of [
      () => made.page.rerender(around(made.client, <PricingTable />, undefined, OTHER_ORG)),
      () => made.page.unmount(),
    ]) {
      const slow = held();
      await screen.findByRole("button", { name: "Choose Pro" });
      made.api.next.push(slow.answerer);
      await press("Choose Pro");
      act(leave);
      await act(async () =>
        slow.release(Response.json({ success: true, url: "https://checkout.test/former" })),
      );
    }
    expect(navigate).not.toHaveBeenCalled();
  });
});

describe("who has paid already, as this page has not heard yet", () => {
  it("is told what they have instead of being sold it again", async () => {
    const made = await show("pilot");
    made.api.plans.set(ORG, "pro");
    await press("Choose Pro");
    await waitFor(() =>
      expect(within(screen.getByRole("listitem", { name: "Pro" })).getByRole("status").textContent).toBe(
        "Current plan",
      ),
    );
    expect(navigate).not.toHaveBeenCalled();
    expect(button("Upgrade to Enterprise").hasAttribute("aria-disabled")).toBe(false);
  });

  it("is led to the page that confirms the change, if it is another plan", async () => {
    const made = await show("pilot");
    made.api.plans.set(ORG, "pro");
    await press("Choose Enterprise");
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("https://portal.test/confirm"));
    expect(posts(made)).toHaveLength(1);
  });

  it.each([
    { cancelAt: "2026-12-22T21:40:52Z" },
    { status: "past_due", graceEndsAt: "2026-12-22T21:40:52Z" },
    { scheduled: { planCode: "pilot", interval: null, seats: 1, at: "2026-12-22T21:40:52Z" } },
  ] as const)("is led on, if that plan is not paid or not to stay: %#", async (more) => {
    const made = await show("pilot");
    made.api.plans.set(ORG, "pro");
    made.api.more = { interval: "month", ...more } as Partial<Entitlements>;
    await press("Choose Pro");
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("https://portal.test/confirm"));
  });

  it("is led to the portal, if the API names no such page", async () => {
    const made = await show("pilot");
    made.api.plans.set(ORG, "pro");
    made.api.sold = undefined;
    await press("Choose Enterprise");
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("https://portal.test/bps_1"));
  });
});
