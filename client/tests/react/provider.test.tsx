// @vitest-environment jsdom
import "./setup.js";

import { act, render, waitFor } from "@testing-library/react";
import { StrictMode, type ReactElement } from "react";
import { expect, it, vi } from "vitest";

import type { Entitlements } from "../../src/index.js";
import { BillingProvider } from "../../src/react/index.js";
import { setUp, type Setup } from "../support/clients.js";
import { answer, ORG, OTHER_ORG } from "../support/fakeApi.js";

const told = vi.fn<(now: Entitlements) => void>();
const provider = ({ client }: Setup, initial?: Entitlements, orgId = ORG): ReactElement => (
  <StrictMode>
    <BillingProvider
      client={client}
      orgId={orgId}
      initialEntitlements={initial}
      onChange={(now) => told(now)}
    />
  </StrictMode>
);
const plans = (): string[] => told.mock.calls.map(([{ planCode }]) => planCode);
const look = (): Promise<void> => act(async () => void window.dispatchEvent(new Event("focus")));

it("tells of each change of the answer, and not of the one that the server rendered with", async () => {
  told.mockReset();
  const made = setUp();
  const { rerender } = render(provider(made, answer("pilot")));
  await waitFor(() => expect(made.api.calls).not.toHaveLength(0));
  await look();
  expect(plans()).toEqual([]);

  made.api.plans.set(ORG, "pro");
  await look();
  await waitFor(() => expect(plans()).toEqual(["pro"]));
  rerender(provider(made, answer("pro"))); // the server's part of the page has followed
  await look();
  expect(plans()).toEqual(["pro"]);
});

it("tells of the first answer if the server had none, and of no outage", async () => {
  told.mockReset();
  const made = setUp();
  made.api.fail(503, "database_unavailable");
  render(provider(made));
  await waitFor(() => expect(made.client.getState(ORG)?.error).toBeTruthy());
  expect(plans()).toEqual([]);
  made.api.instead = undefined;
  await look();
  await waitFor(() => expect(plans()).toEqual(["pilot"]));
  made.api.fail(503, "database_unavailable");
  await look();
  await waitFor(() => expect(made.client.getState(ORG)?.entitlements?.stale).toBe(true));
  made.api.instead = undefined;
  await look();
  await waitFor(() => expect(made.client.getState(ORG)?.entitlements?.stale).toBe(false));
  expect(plans()).toEqual(["pilot"]);
});

it("takes the look at another organization for no change", async () => {
  told.mockReset();
  const made = setUp();
  made.api.plans.set(OTHER_ORG, "pro");
  const { rerender } = render(provider(made, answer("pilot")));
  rerender(provider(made, answer("pro", OTHER_ORG), OTHER_ORG));
  await waitFor(() => expect(made.client.getState(OTHER_ORG)?.entitlements).toBeTruthy());
  await look();
  expect(plans()).toEqual([]);
});

it("asks shortly after something ends, and a minute later once more", async () => {
  vi.useFakeTimers({ now: new Date("2026-11-22T21:40:53Z") });
  const made = setUp();
  made.api.plans.set(ORG, "pro");
  const graceEndsAt = "2026-11-22T21:50:00Z";
  made.api.more = { status: "past_due", graceEndsAt, cancelAt: "2027-03-01T00:00:00Z" };
  const { unmount } = render(provider(made));
  const pass = (milliseconds: number): Promise<void> =>
    act(async () => void (await vi.advanceTimersByTimeAsync(milliseconds)));
  await pass(9 * 60_000);
  const { length } = made.api.calls;
  await pass(60_000);
  expect(made.api.calls).toHaveLength(length + 1);
  await pass(60_000);
  expect(made.api.calls).toHaveLength(length + 2);
  made.api.plans.set(ORG, "pilot");
  await pass(7 * 86_400_000);
  expect(made.api.calls).toHaveLength(length + 2);
  unmount();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});
