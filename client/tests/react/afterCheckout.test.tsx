// @vitest-environment jsdom
import "./setup.js";

import { act, render, screen } from "@testing-library/react";
import { StrictMode, type ReactElement } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { Entitlements } from "../../src/index.js";
import { BillingProvider, useAfterCheckout, type AfterCheckoutOptions } from "../../src/react/index.js";
import { setUp, type Setup } from "../support/clients.js";
import { answer, ORG, OTHER_ORG, tokenOf } from "../support/fakeApi.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const Success = (props: AfterCheckoutOptions): ReactElement => {
  const { status, entitlements, error } = useAfterCheckout(props);
  return <p>{[status, entitlements?.planCode ?? "-", error?.code ?? "-"].join(" ")}</p>;
};
const page = (
  { client }: Setup,
  options: AfterCheckoutOptions = {},
  initial?: Entitlements,
  orgId = ORG,
): ReactElement => (
  <StrictMode>
    <BillingProvider client={client} orgId={orgId} initialEntitlements={initial}>
      <Success {...options} />
    </BillingProvider>
  </StrictMode>
);
const pass = (milliseconds: number): Promise<void> =>
  act(async () => void (await vi.advanceTimersByTimeAsync(milliseconds)));
const says = (text: string): void => expect(screen.getByText(text)).toBeTruthy();

it("waits, and says that the purchase is there", async () => {
  const made = setUp();
  made.api.atStripe = "pro";
  render(page(made));
  says("waiting - -");
  await pass(0);
  says("active pro -");
  expect(made.api.calls.filter(({ path }) => path === "/api/billing/sync").length).toBeGreaterThan(0);
});

it("knows at once what the server rendered with", () => {
  render(page(setUp(), {}, answer("pro")));
  says("active pro -");
});

it("goes on looking when the bank takes its time, and says it once the purchase is there", async () => {
  const made = setUp();
  render(page(made));
  await pass(14_000);
  says("waiting pilot -");
  await pass(2_000);
  says("pending pilot -");
  made.api.plans.set(ORG, "pro");
  await pass(10_000);
  says("active pro -");
  const { length } = made.api.calls;
  await pass(600_000);
  expect(made.api.calls).toHaveLength(length);
});

it("hears of the purchase from whatever else asks, as of a change in the database", async () => {
  const made = setUp();
  render(page(made, { timeout: 1_000 }));
  await pass(1_000);
  says("pending pilot -");
  made.api.plans.set(ORG, "enterprise");
  await act(async () => void (await made.client.getEntitlements(ORG, { afresh: true })));
  says("active enterprise -");
});

it("asks less and less often, at least each minute, and not after the page is gone", async () => {
  const made = setUp();
  const { unmount } = render(page(made, { timeout: 1_000 }));
  await pass(1_000);
  await pass(300_000);
  const before = made.api.calls.length;
  await pass(60_000);
  expect(made.api.calls.length - before).toBe(1);
  unmount();
  await pass(300_000);
  expect(made.api.calls.length - before).toBe(1);
});

it("waits for what it is told to wait for, as for an add-on of a plan that there is", async () => {
  const made = setUp();
  made.api.plans.set(ORG, "pro");
  const look = (): ReactElement =>
    page(made, { timeout: 5_000, until: ({ entitlements }) => entitlements.hasAPI });
  const { rerender } = render(look());
  await pass(4_000);
  says("waiting pro -");
  const syncs = (): number => made.api.calls.filter(({ path }) => path === "/api/billing/sync").length;
  const before = syncs();
  rerender(look()); // with another function that says the same
  made.api.plans.set(ORG, "enterprise");
  await pass(500);
  says("active enterprise -");
  expect(syncs()).toBe(before);
});

it("goes on looking for it when the time is up", async () => {
  const made = setUp();
  made.api.plans.set(ORG, "pro");
  render(page(made, { timeout: 1_000, until: ({ entitlements }) => entitlements.hasAPI }));
  await pass(999);
  says("waiting pro -");
  await pass(1);
  says("pending pro -");
  made.api.plans.set(ORG, "enterprise");
  await pass(60_000);
  says("active enterprise -");
});

it("tells an outage from a bank that takes its time, and goes on by itself", async () => {
  const made = setUp();
  made.api.fail(503, "database_unavailable");
  render(page(made, { timeout: 2_000 }));
  await pass(2_000);
  says("outage - database_unavailable");
  made.api.instead = undefined;
  await pass(60_000);
  says("pending pilot -");
  made.api.plans.set(ORG, "pro");
  await pass(60_000);
  says("active pro -");
});

it("has Stripe asked while it is pending, as the event may never come", async () => {
  const made = setUp();
  render(page(made, { timeout: 1_000 }));
  await pass(1_000);
  says("pending pilot -");
  made.api.atStripe = "pro";
  await pass(5_000);
  says("active pro -");
});

it("goes on by itself when somebody signs in who was not signed in on the return", async () => {
  const made = setUp();
  made.api.atStripe = "pro";
  made.signIn(null);
  render(page(made));
  await pass(0);
  says("refused - unauthenticated");
  made.signIn(tokenOf("ada"));
  await act(async () => made.client.clear());
  await pass(5_000);
  says("active pro -");
});

it("is an outage also if nobody ever answers", async () => {
  const made = setUp();
  made.api.instead = () => new Promise<Response>(() => undefined);
  render(page(made, { timeout: 2_000 }));
  await pass(2_000);
  says("outage - -");
});

it("says a refusal, and what the next person has", async () => {
  const made = setUp();
  made.signIn(null);
  render(page(made));
  await pass(0);
  says("refused - unauthenticated");
  made.api.plans.set(ORG, "pro");
  made.signIn(tokenOf("bob"));
  await act(async () => made.client.clear());
  await pass(0);
  says("active pro -");
});

it("waits anew for another organization", async () => {
  const made = setUp();
  made.api.plans.set(ORG, "pro").set(OTHER_ORG, "pilot");
  const { rerender } = render(page(made, { timeout: 1_000 }));
  await pass(0);
  says("active pro -");
  rerender(page(made, { timeout: 1_000 }, undefined, OTHER_ORG));
  says("waiting - -");
  await pass(1_000);
  says("pending pilot -");
});
