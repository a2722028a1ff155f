// @vitest-environment jsdom
import { createBillingClient } from "@promptforge/billing";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";

import { App } from "./App";

afterEach(() => cleanup());

/** The application, with an API that says this of the flag. */
function start(canExportPDF: boolean): void {
  const answer = {
    success: true,
    orgId: "org",
    planCode: canExportPDF ? "pro" : "pilot",
    entitlements: { canExportPDF },
  };
  const client = createBillingClient({
    baseUrl: "",
    getToken: () => "token",
    fetch: async () => Response.json(answer),
  });
  render(<App client={client} orgId="org" />);
}

it("shows the button to an organization with the plan", async () => {
  start(true);
  expect(await screen.findByRole("button", { name: "Export as PDF" })).toBeTruthy();
  expect(screen.getByRole("listitem", { name: "Pro" }).getAttribute("aria-current")).toBe("true");
});

it("shows the offer to one without it", async () => {
  start(false);
  expect(await screen.findByText("Export as PDF comes with Pro.")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Export as PDF" })).toBeNull();
});
