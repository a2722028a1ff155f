// @vitest-environment jsdom
import "./setup.js";

import { act } from "@testing-library/react";
import { StrictMode, type ReactElement } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, expect, it, vi } from "vitest";

import type { Entitlements } from "../../src/index.js";
import { BillingBanner, BillingProvider, Gate, PricingTable } from "../../src/react/index.js";
import { setUp } from "../support/clients.js";
import { answer, ORG } from "../support/fakeApi.js";
import { plans } from "./plans.js";

afterEach(() => document.body.replaceChildren());

const page = (
  client: ReturnType<typeof setUp>["client"],
  initialEntitlements?: Entitlements,
): ReactElement => (
  <StrictMode>
    <BillingProvider client={client} orgId={ORG} initialEntitlements={initialEntitlements}>
      <Gate feature="canExportPDF" fallback="Upgrade" loading="Wait">
        Export
      </Gate>
      <PricingTable plans={plans} />
      <BillingBanner />
    </BillingProvider>
  </StrictMode>
);

it("renders the right side on the server and asks nobody", () => {
  const { api, client } = setUp();
  expect(renderToString(page(client, answer("pro")))).toContain("Export");
  expect(renderToString(page(client, answer("pilot")))).toContain("Upgrade");
  expect(renderToString(page(client))).toContain("Wait");
  expect(api.calls).toHaveLength(0);
});

it("leaves nothing of one request in a client that all share", () => {
  const { client } = setUp();
  renderToString(page(client, answer("enterprise")));
  expect(client.getState(ORG)).toBeUndefined();
});

it.each(["pro", "pilot"] as const)(
  "hydrates %s without a warning and without another frame",
  async (plan) => {
    const complaints = vi.spyOn(console, "error");
    const { api, client } = setUp();
    api.plans.set(ORG, plan);
    const root = document.createElement("div");
    document.body.append(root);
    root.innerHTML = renderToString(page(client, answer(plan)));
    const frames = new Set([root.textContent]);
    const observer = new MutationObserver(() => frames.add(root.textContent));
    observer.observe(root, { subtree: true, childList: true, characterData: true });
    await act(
      async () =>
        void hydrateRoot(root, page(client, answer(plan)), {
          onRecoverableError: (error) => console.error(error),
        }),
    );
    await vi.waitFor(() => expect(api.calls).toHaveLength(2)); // what it has, and what is sold
    await act(async () => undefined);
    expect(frames.size).toBe(1);
    expect(complaints).not.toHaveBeenCalled();
  },
);
