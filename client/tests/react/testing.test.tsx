// @vitest-environment jsdom
import "./setup.js";

import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import type { ReactElement } from "react";
import { describe, expect, it, vi } from "vitest";

import { Gate, PricingTable, useEntitlements } from "../../src/react/index.js";
import {
  createBillingStub,
  TestBillingProvider,
  type StubFailure,
  type TestBillingProviderProps,
} from "../../src/testing/index.js";

const page = (props: TestBillingProviderProps): ReactElement => (
  <TestBillingProvider {...props}>
    <Gate
      feature="hasAPI"
      fallback="Upgrade"
      loading="Wait"
      error={({ reason, error }) => `${reason} ${error.status}`}
    >
      Keys
    </Gate>
  </TestBillingProvider>
);

describe("TestBillingProvider", () => {
  it("has what it is told in the first render", () => {
    render(page({ answer: { planCode: "enterprise" } }));
    expect(screen.getByText("Keys")).toBeTruthy();
  });

  it("takes flags that are other than the plan has them, and begins anew with other props", () => {
    const { rerender } = render(page({ answer: { planCode: "pro" } }));
    expect(screen.getByText("Upgrade")).toBeTruthy();
    rerender(page({ answer: { planCode: "pro", entitlements: { hasAPI: true } } }));
    expect(screen.getByText("Keys")).toBeTruthy();
  });

  it.each<[StubFailure, string]>([
    ["outage", "outage 0"],
    ["signed_out", "refused 401"],
    ["not_member", "refused 403"],
    ["silence", "Wait"],
  ])("shows %s", async (failure, text) => {
    render(page({ failure }));
    expect(await screen.findByText(text)).toBeTruthy();
  });

  it("says where a page would have been left to, and leaves none", async () => {
    const onNavigate = vi.fn();
    const stub = createBillingStub();
    render(
      <TestBillingProvider stub={stub} onNavigate={onNavigate}>
        <PricingTable />
      </TestBillingProvider>,
    );
    await userEvent.setup().click(await screen.findByRole("button", { name: "Choose Pro" }));
    expect(onNavigate).toHaveBeenCalledWith("https://checkout.stripe.test/cs_test_1");
    expect(stub.calls.at(-1)).toMatchObject({
      method: "POST",
      path: "/api/billing/checkout",
      body: { planCode: "pro" },
    });
  });

  it("follows a stub that changes its mind", async () => {
    const stub = createBillingStub({ planCode: "pro" });
    const Plan = (): ReactElement => <p>{useEntitlements().entitlements?.planCode}</p>;
    render(
      <TestBillingProvider stub={stub}>
        <Plan />
      </TestBillingProvider>,
    );
    expect(await screen.findByText("pro")).toBeTruthy();
    stub.set({ planCode: "enterprise" });
    window.dispatchEvent(new Event("focus"));
    expect(await screen.findByText("enterprise")).toBeTruthy();
  });
});
