// @vitest-environment jsdom
import "./setup.js";

import { act, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { StrictMode, type ReactElement, type ReactNode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { BillingProvider, useCheckout, usePlanChange } from "../../src/react/index.js";
import { testPlans } from "../../src/testing/stub.js";
import { setUp, type Setup } from "../support/clients.js";
import { answer, ORG } from "../support/fakeApi.js";

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
