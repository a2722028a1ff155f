// The pricing table of an organization, and what a test finds in it.

import { render, screen, waitFor } from "@testing-library/react";
import type { ReactElement } from "react";
import { expect } from "vitest";

import type { Entitlements } from "../../src/index.js";
import { BillingProvider, PricingTable, type PricingTableProps } from "../../src/react/index.js";
import { testEntitlements, testPlans } from "../../src/testing/stub.js";
import { setUp, type Setup } from "../support/clients.js";
import { ORG } from "../support/fakeApi.js";
import { plans } from "./plans.js";

export const item = (name: string): HTMLElement => screen.getByRole("listitem", { name });
export const button = (name: string): HTMLElement => screen.getByRole("button", { name });
export const buttons = (): (string | null)[] =>
  screen.queryAllByRole("button").map((each) => each.textContent);

export const table = (
  client: Setup["client"],
  initial?: Entitlements,
  props: PricingTableProps = {},
  orgId = ORG,
): ReactElement => (
  <BillingProvider client={client} orgId={orgId} initialEntitlements={initial}>
    <PricingTable plans={plans} {...props} />
  </BillingProvider>
);

/** The table of an API that says what is sold, once it does. */
export async function show(more: Partial<Entitlements> = {}, props: PricingTableProps = {}): Promise<Setup> {
  const made = setUp();
  const { planCode } = testEntitlements(more);
  const { stale: _, timestamp: __, ...rest } = testEntitlements(more);
  made.api.plans.set(ORG, planCode);
  made.api.more = rest;
  made.api.sold = testPlans();
  render(table(made.client, undefined, { plans: undefined, ...props }));
  await waitFor(() => expect(screen.getAllByRole("heading")).toHaveLength(3));
  await waitFor(() => expect(document.querySelector(".pf-pricing-space")).toBeNull());
  return made;
}
