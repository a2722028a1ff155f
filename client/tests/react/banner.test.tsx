// @vitest-environment jsdom
import "./setup.js";

import { act, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import type { ReactElement } from "react";
import { describe, expect, it, vi } from "vitest";

import { BillingBanner, BillingProvider, type BillingBannerProps } from "../../src/react/index.js";
import { testEntitlements, testPlans, type TestEntitlements } from "../../src/testing/stub.js";
import { setUp, type Setup } from "../support/clients.js";
import { ORG } from "../support/fakeApi.js";

const END = "2026-12-22T21:40:52Z";
const navigate = vi.fn<(url: string) => void>();

function show(more: TestEntitlements, props: BillingBannerProps = {}): Setup {
  const made = setUp();
  const now = testEntitlements(more);
  const { stale: _, timestamp: __, ...rest } = now;
  made.api.plans.set(ORG, now.planCode);
  made.api.more = rest;
  made.api.sold = testPlans();
  const page = (
    <BillingProvider client={made.client} orgId={ORG} initialEntitlements={now} navigate={navigate}>
      <BillingBanner {...props} />
    </BillingProvider>
  );
  render(page);
  return made;
}
const banner = (): HTMLElement | null => document.querySelector(".pf-banner");

describe("BillingBanner", () => {
  it.each<[string, TestEntitlements, string, string, string | null]>([
    [
      "a payment failed",
      { planCode: "pro", status: "past_due", graceEndsAt: END },
      "alert",
      "The last payment failed. Pro stays on until December 22, 2026.",
      "Update payment method",
    ],
    [
      "the time to pay is over",
      { status: "past_due", graceEndsAt: "2026-11-20T00:00:00Z" },
      "alert",
      "The last payment failed, so what the plan adds is off until it is paid.",
      "Update payment method",
    ],
    [
      "nobody paid",
      { status: "unpaid" },
      "alert",
      "The last payment failed, so what the plan adds is off until it is paid.",
      "Update payment method",
    ],
    [
      "payments are paused",
      { planCode: "pro", collectionPaused: true },
      "status",
      "Your subscription is paused.",
      "Manage billing",
    ],
    [
      "the subscription is paused",
      { status: "paused" },
      "status",
      "Your subscription is paused.",
      "Manage billing",
    ],
    [
      "the trial ends in a week",
      { planCode: "pro", status: "trialing", trialEndsAt: "2026-11-29T21:40:53Z" },
      "status",
      "The trial of Pro ends on November 29, 2026.",
      "Update payment method",
    ],
    [
      "it was canceled",
      { planCode: "pro", cancelAt: END },
      "status",
      "Pro is canceled and ends on December 22, 2026.",
      "Keep Pro",
    ],
    [
      "a change waits",
      { planCode: "enterprise", scheduled: { planCode: "pro", interval: "year", seats: 1, at: END } },
      "status",
      "The plan changes to Pro, paid yearly, on December 22, 2026.",
      "Manage billing",
    ],
    [
      "there are more members than seats",
      { planCode: "pro", seatsUsed: 4 },
      "status",
      "4 members share 1 seat.",
      "Manage billing",
    ],
  ])("says that %s, with a button", (_, more, role, sentence, word) => {
    show(more);
    expect(screen.getByText(sentence).getAttribute("role")).toBe(role);
    expect(screen.queryByRole("button")?.textContent ?? null).toBe(word);
  });

  it.each<[string, TestEntitlements]>([
    ["nothing was bought", {}],
    ["all is paid", { planCode: "pro" }],
    ["the trial ends later", { planCode: "pro", status: "trialing", trialEndsAt: "2026-11-29T21:40:54Z" }],
    ["the trial is over", { planCode: "pro", trialEndsAt: "2026-11-20T00:00:00Z" }],
    ["a team without a subscription has more members than seats", { seatsUsed: 9 }],
  ])("says nothing where %s", (_, more) => {
    show(more);
    expect(banner()?.textContent).toBe("");
    expect(banner()?.hasAttribute("data-notice")).toBe(false);
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("says nothing of an API that says no more than it used to", async () => {
    const { api, client } = setUp();
    api.plans.set(ORG, "pro");
    render(
      <BillingProvider client={client} orgId={ORG}>
        <BillingBanner />
      </BillingProvider>,
    );
    await waitFor(() => expect(client.getState(ORG)?.entitlements).toBeTruthy());
    expect(banner()?.textContent).toBe("");
  });

  it("says the most pressing thing first, and the next one if that is hidden", () => {
    const both: TestEntitlements = { planCode: "pro", status: "past_due", graceEndsAt: END, cancelAt: END };
    show(both);
    expect(screen.getByRole("button").textContent).toBe("Update payment method");
    document.body.replaceChildren();
    show(both, { hide: ["past_due"] });
    expect(screen.getByRole("button").textContent).toBe("Keep Pro");
  });

  it("is off in one prop", () => {
    show({ planCode: "pro", cancelAt: END }, { off: true });
    expect(banner()).toBeNull();
  });

  it("has its regions before there is anything to say, so that it is announced", async () => {
    const { api, client } = show({ planCode: "pro" });
    const regions = [...screen.getAllByRole("status"), ...screen.getAllByRole("alert")];
    expect(regions).toHaveLength(3);
    api.more = { ...api.more, status: "past_due", graceEndsAt: END };
    await act(async () => void (await client.getEntitlements(ORG, { afresh: true })));
    expect(
      regions.some(
        (region) => region.isConnected && region.textContent?.startsWith("The last payment failed"),
      ),
    ).toBe(true);
  });

  it("leads to the page for another card, and back here", async () => {
    const { api } = show({ planCode: "pro", status: "past_due", graceEndsAt: END }, { returnUrl: "" });
    await userEvent.setup().click(screen.getByRole("button"));
    expect(navigate).toHaveBeenCalledWith("https://portal.test/bps_1");
    expect(api.calls.at(-1)?.body).toEqual({
      orgId: ORG,
      returnUrl: `${window.location.origin}/`,
      flow: { type: "payment_method" },
    });
  });

  it("shows why the button led nowhere", async () => {
    const { api } = show({ planCode: "pro", cancelAt: END });
    api.fail(503, "stripe_throttled");
    await userEvent.setup().click(screen.getByRole("button"));
    expect(
      await screen.findByText("This did not work, and nothing was charged. Try again in a moment."),
    ).toBeTruthy();
  });

  it("tells a member who may not pay whom to ask", () => {
    show({ planCode: "pro", status: "past_due", graceEndsAt: END, canManageBilling: false });
    expect(
      screen.getByText("Only an owner or an admin of your organization can change its plan."),
    ).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
  });

  it.each([
    [
      503,
      "database_unavailable",
      "Your plan cannot be checked at the moment. Nothing about it has changed, and we keep trying.",
    ],
    [401, "unauthenticated", "You are not signed in. Sign in to go on."],
    [403, "not_a_member", "You are not a member of this organization."],
  ] as const)("says what a %i means where nothing is known", async (status, code, sentence) => {
    const { api, client } = setUp();
    api.fail(status, code);
    const page = (): ReactElement => (
      <BillingProvider client={client} orgId={ORG}>
        <BillingBanner />
      </BillingProvider>
    );
    render(page());
    expect((await screen.findByText(sentence)).getAttribute("role")).toBe("status");
    expect(screen.queryByRole("button")).toBeNull();
  });

  it("speaks another language", () => {
    show(
      { planCode: "pro", cancelAt: END },
      {
        locale: "de-DE",
        className: "top",
        labels: { canceled: (plan, date) => `${plan} endet am ${date}.`, keep: (plan) => `${plan} behalten` },
      },
    );
    expect(screen.getByText("Pro endet am 22. Dezember 2026.")).toBeTruthy();
    expect(banner()?.className).toBe("pf-banner top");
  });
});
