// @vitest-environment jsdom
import "./setup.js";

import { act, cleanup, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";

import { testPlans } from "../../src/testing/stub.js";
import { setUp } from "../support/clients.js";
import { answer, failure, held, ORG, tokenOf } from "../support/fakeApi.js";
import { button, buttons, item, show, table } from "./table.js";

afterEach(() => void vi.useRealTimers());
const pass = (milliseconds: number): Promise<void> =>
  act(async () => void (await vi.advanceTimersByTimeAsync(milliseconds)));

it("shows the plans by itself once they can be had, though nothing else was amiss", async () => {
  vi.useFakeTimers();
  const { api, client } = setUp();
  api.sold = testPlans();
  let failures = 2;
  const answered = api.answer.bind(api);
  api.answer = async (call, url) =>
    url.pathname === "/api/billing/plans" && failures-- > 0
      ? failure(503, "database_unavailable", { "retry-after": "2" })
      : answered(call, url);
  render(table(client, undefined, { plans: undefined }));
  await pass(0);
  expect(screen.getByText("The plans cannot be shown at the moment.")).toBeTruthy();
  await pass(5_000);
  await pass(10_000);
  expect(button("Choose Pro")).toBeTruthy();
});

it("shows the plans to who signs in on the page, and to who does so while they are asked for", async () => {
  vi.useFakeTimers();
  const { api, client, signIn } = setUp();
  api.sold = testPlans();
  signIn(null);
  render(table(client, undefined, { plans: undefined }));
  await pass(0);
  expect(buttons()).not.toContain("Choose Pro");
  signIn(tokenOf("ada"));
  await act(async () => client.clear());
  await pass(1_000);
  expect(button("Choose Pro")).toBeTruthy();

  const slow = held();
  const answered = api.answer.bind(api);
  api.answer = async (call, url) =>
    url.pathname === "/api/billing/plans" ? slow.answerer(call) : answered(call, url);
  cleanup();
  render(table(client, undefined, { plans: undefined }));
  await pass(0);
  api.answer = answered;
  signIn(tokenOf("bob"));
  await act(async () => client.clear());
  await pass(2_000);
  expect(button("Choose Pro")).toBeTruthy();
});

it("sells nothing in an outage, says so, and goes on by itself when that is over", async () => {
  const { api, client } = setUp();
  api.plans.set(ORG, "pro");
  api.sold = testPlans();
  api.fail(503, "database_unavailable");
  render(table(client));
  expect(await screen.findByText(/Your plan cannot be checked at the moment/)).toBeTruthy();
  expect(buttons()).toEqual([]);
  expect(item("Pro").textContent).toContain("$49 per month");
  api.instead = undefined;
  act(() => void window.dispatchEvent(new Event("focus")));
  expect(await screen.findByRole("button", { name: "Upgrade to Enterprise" })).toBeTruthy();
  expect(screen.queryByText(/cannot be checked/)).toBeNull();
});

it("goes on with the last answer in an outage, and a click charges nothing", async () => {
  const { api } = await show({ planCode: "pro" });
  api.fail(503, "database_unavailable");
  act(() => void window.dispatchEvent(new Event("focus")));
  await waitFor(() => expect(api.calls.length).toBeGreaterThan(2));
  expect(within(item("Pro")).getByRole("status").textContent).toBe("Current plan");
  expect(buttons()).toEqual(["Downgrade to Pilot", "Upgrade to Enterprise"]);
  await userEvent.setup().click(button("Upgrade to Enterprise"));
  expect(await screen.findByText(/This did not work, and nothing was charged/)).toBeTruthy();
});

it.each([
  [401, "unauthenticated", "You are not signed in. Sign in to go on."],
  [403, "not_a_member", "You are not a member of this organization."],
] as const)("sells nothing after a %i and says what it means", async (status, code, sentence) => {
  const { api, client } = setUp();
  api.fail(status, code);
  render(table(client));
  expect(await screen.findByText(sentence)).toBeTruthy();
  expect(buttons()).toEqual([]);
});

it("says that there is nothing to show, and asks anew when somebody wants it to", async () => {
  const { api, client } = setUp();
  render(table(client, answer("pilot"), { plans: undefined }));
  expect(await screen.findByText("The plans cannot be shown at the moment.")).toBeTruthy();
  api.sold = testPlans();
  await userEvent.setup().click(button("Try again"));
  expect(await screen.findByRole("button", { name: "Choose Pro" })).toBeTruthy();
});
