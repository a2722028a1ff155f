// @vitest-environment jsdom
import "./setup.js";

import { act, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { StrictMode, type ReactElement, type ReactNode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { BillingProvider, useCheckout, usePlanChange } from "../../src/react/index.js";
import { testPlans } from "../../src/testing/stub.js";
import { setUp, type Setup } from "../support/clients.js";
import { answer, failure, ORG } from "../support/fakeApi.js";

const navigate = vi.fn<(url: string) => void>();
beforeEach(() => void navigate.mockReset());

const around = (client: Setup["client"], children: ReactNode): ReactElement => (
  <StrictMode>
    <BillingProvider client={client} orgId={ORG} navigate={navigate}>
      {children}
    </BillingProvider>
  </StrictMode>
);
const button = (name: string): HTMLElement => screen.getByRole("button", { name });
const posts = ({ api }: Setup): unknown[] =>
  api.calls.filter(({ method }) => method === "POST").map(({ path, body }) => [path, body]);
const press = (name: string): Promise<void> => userEvent.setup().click(button(name));
const back = (persisted: boolean): Promise<void> =>
  act(async () => void window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted })));

describe("hooks", () => {
  const Own = (): ReactElement => {
    const checkout = useCheckout();
    const plan = usePlanChange();
    return (
      <>
        <button onClick={() => void checkout.start({ planCode: "pro", interval: "month" })}>
          {checkout.pending ? `buying ${checkout.pending.planCode}` : "buy"}
        </button>
        <button onClick={() => void plan.updatePaymentMethod()}>
          {plan.pending ? `opening ${plan.pending.type}` : "card"}
        </button>
        <button onClick={() => void plan.cancel()}>cancel</button>
        <button onClick={() => void plan.manage()}>manage</button>
        <button onClick={() => void plan.change({ planCode: "enterprise", interval: "year" })}>change</button>
        <button onClick={plan.reset}>reset</button>
        <p>{`${plan.failed?.type ?? "-"} ${plan.error?.code ?? "-"}`}</p>
      </>
    );
  };

  it("buy", async () => {
    const { client } = setUp();
    render(around(client, <Own />));
    await press("buy");
    expect(navigate).toHaveBeenCalledWith("https://checkout.test/cs_1");
    expect(button("buying pro")).toBeTruthy();
  });

  it("change the plan, cancel it, give another card and open the portal", async () => {
    const made = setUp();
    made.api.plans.set(ORG, "pro");
    made.api.sold = testPlans();
    render(around(made.client, <Own />));
    for (const name of ["card", "cancel", "manage", "change"]) {
      await press(name);
      await back(true);
    }
    expect(posts(made).map((post) => (post as [string, { flow?: unknown }])[1].flow)).toEqual([
      { type: "payment_method" },
      { type: "cancel" },
      undefined,
      { type: "update", planCode: "enterprise", interval: "year" },
    ]);
    expect(navigate).toHaveBeenCalledTimes(4);
  });

  it.each([
    ["never began", { status: "none" }, undefined],
    ["has ended", { status: "canceled" }, "flow_unavailable"],
  ] as const)("buy what a plan that %s is to change to", async (_, more, code) => {
    const made = setUp();
    made.api.more = more;
    const Change = (): ReactElement => {
      const { change } = usePlanChange({ returnUrl: "billing" });
      const choice = { planCode: "pro", interval: "month", seats: 2 } as const;
      return <button onClick={() => void change(choice)}>change</button>;
    };
    render(around(made.client, <Change />));
    await waitFor(() => expect(made.api.calls).not.toHaveLength(0));
    if (code) made.api.next.push(() => failure(409, code));
    await press("change");
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("https://checkout.test/cs_1"));
    const back = `${window.location.origin}/billing`;
    const order = { orgId: ORG, planCode: "pro", interval: "month", seats: 2 };
    expect(posts(made)[1]).toEqual([
      "/api/billing/checkout",
      { ...order, successUrl: back, cancelUrl: back },
    ]);
  });

  it("lead to the portal's first page while the plan is to end, because it is kept there", async () => {
    const made = setUp();
    made.api.plans.set(ORG, "pro");
    made.api.more = { cancelAt: "2026-12-22T21:40:52Z" };
    render(around(made.client, <Own />));
    await waitFor(() => expect(made.api.calls).not.toHaveLength(0));
    made.api.next.push(() => failure(409, "flow_unavailable"));
    await press("change");
    await waitFor(() => expect(navigate).toHaveBeenCalledWith("https://portal.test/bps_1"));
    expect(posts(made)[1]).toEqual(["/api/billing/portal", { orgId: ORG }]);
  });

  it("say why they cannot change what somebody else pays for", async () => {
    const made = setUp();
    made.api.plans.set(ORG, "pro");
    render(around(made.client, <Own />));
    await waitFor(() => expect(made.api.calls).not.toHaveLength(0));
    made.api.next.push(() => failure(404, "no_customer"));
    await press("change");
    expect(await screen.findByText("update no_customer")).toBeTruthy();
    expect(navigate).not.toHaveBeenCalled();
  });

  it("say what failed, and forget it", async () => {
    const { client } = setUp();
    render(around(client, <Own />));
    await press("manage");
    expect(await screen.findByText("overview no_customer")).toBeTruthy();
    act(() => void document.dispatchEvent(new Event("visibilitychange")));
    expect(screen.getByText("overview no_customer")).toBeTruthy();
    await press("reset");
    expect(screen.getByText("- -")).toBeTruthy();
  });

  it.each([
    [15, "nowhere, because 12 seats are sold as three times five", []],
    [12, "nowhere, because these are the very seats", []],
    [10, "to the page that confirms more seats", ["https://portal.test/confirm"]],
    [20, "to the page that confirms fewer seats", ["https://portal.test/confirm"]],
  ])("lead who orders 12 seats in a second tab, and has %i, %s", async (seats, _, pages) => {
    const made = setUp();
    made.api.sold = testPlans();
    const Buy = (): ReactElement => {
      const { start, pending } = useCheckout();
      const choice = { planCode: "enterprise", interval: "month", seats: 12 } as const;
      return <button onClick={() => void start(choice)}>{pending ? "buying" : "buy"}</button>;
    };
    render(around(made.client, <Buy />));
    await waitFor(() => expect(made.api.calls).not.toHaveLength(0));
    made.api.plans.set(ORG, "enterprise");
    made.api.more = { seats };
    await press("buy");
    if (pages.length === 0) expect(await screen.findByText("buy")).toBeTruthy();
    await waitFor(() => expect(navigate.mock.calls.flat()).toEqual(pages));
    expect(posts(made)).toHaveLength(1);
  });

  it("leave by the page's address if nobody says otherwise", async () => {
    const { client } = setUp();
    const assign = vi.fn();
    vi.stubGlobal("location", { ...window.location, assign });
    render(
      <BillingProvider client={client} orgId={ORG} initialEntitlements={answer("pilot")}>
        <Own />
      </BillingProvider>,
    );
    await press("buy");
    expect(assign).toHaveBeenCalledWith("https://checkout.test/cs_1");
  });
});
