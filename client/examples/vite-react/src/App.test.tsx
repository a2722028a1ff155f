// @vitest-environment jsdom
import {
  createBillingStub,
  TestBillingProvider,
  type StubFailure,
  type TestEntitlements,
} from "@promptforge/billing/testing";
import { createBillingClient } from "@promptforge/billing";
import { act, cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";

import { App } from "./App";
import { Documents } from "./Documents";

afterEach(() => cleanup());

/** A page of the application, for an organization that has this. */
const documents = (answer: TestEntitlements, failure?: StubFailure): void => {
  render(
    <TestBillingProvider answer={answer} failure={failure}>
      <Documents />
    </TestBillingProvider>,
  );
};

it("shows the button to an organization with the plan", () => {
  documents({ planCode: "pro" });
  expect(screen.getByRole("button", { name: "Export as PDF" })).toBeTruthy();
});

it("shows the offer to one without it", () => {
  documents({ planCode: "pilot" });
  expect(screen.getAllByText("Comes with Pro.")).toHaveLength(2);
  expect(screen.queryByRole("button", { name: "Export as PDF" })).toBeNull();
});

it("offers nothing in an outage", async () => {
  documents({ planCode: "pro" }, "outage");
  expect(await screen.findAllByRole("button", { name: "Check again" })).toHaveLength(3);
  expect(screen.queryByText(/Comes with/)).toBeNull();
});

it("shows the whole application: the plans that are sold, and the one that is had", async () => {
  const client = createBillingClient({
    baseUrl: "",
    getToken: () => "token",
    fetch: createBillingStub({ planCode: "pro" }).fetch,
  });
  render(<App client={client} orgId="org" />);
  act(() => screen.getByRole("link", { name: "Plans" }).click());
  const pro = await screen.findByRole("listitem", { name: "Pro" });
  expect(within(pro).getByRole("status").textContent).toBe("Current plan");
  expect(await screen.findByRole("button", { name: "Upgrade to Enterprise" })).toBeTruthy();
});
