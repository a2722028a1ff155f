// @vitest-environment jsdom
import "./setup.js";

import { act, render, screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";

import type { GetToken } from "../../src/index.js";
import { BillingProvider, Gate } from "../../src/react/index.js";
import { setUp, type Setup } from "../support/clients.js";
import { FakeApi, ORG, tokenOf } from "../support/fakeApi.js";

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A gate that opens for bob alone, around an API that takes 20 ms. */
function show(getToken: GetToken): { readonly api: FakeApi; readonly client: Setup["client"] } {
  const api = new FakeApi();
  api.plans.set(ORG, "pilot").set(`bob ${ORG}`, "pro");
  const fetch: typeof globalThis.fetch = async (...call) => (
    await wait(20),
    api.fetch(call[0] as string, call[1])
  );
  const { client } = setUp({ getToken, fetch });
  render(
    <BillingProvider client={client} orgId={ORG}>
      <Gate feature="canExportPDF" fallback="Closed" loading="Wait">
        Open
      </Gate>
    </BillingProvider>,
  );
  return { api, client };
}
const opens = (): Promise<unknown> =>
  waitFor(() => expect(screen.getByText("Open")).toBeTruthy(), { timeout: 3_000 });

it.each([
  ["late", (token: () => string | null) => wait(5).then(token)],
  [
    "early",
    (token: () => string | null) => Promise.resolve(token()).then(async (early) => (await wait(5), early)),
  ],
])(
  "a sign-out and a sign-in at once, with a token that is read %s, end with the second person's answer",
  async (_, read) => {
    let token: string | null = tokenOf("ada");
    const { client } = show(() => read(() => token));
    await act(() => wait(10));
    token = null;
    client.clear();
    await act(() => wait(1));
    token = tokenOf("bob");
    client.clear();
    await opens();
  },
);

it("another call that is the first to see a new person leaves nobody waiting", async () => {
  let token = tokenOf("ada");
  const { api, client } = show(async () => token);
  await act(() => wait(5));
  client.clear();
  await act(() => wait(5));
  token = tokenOf("bob");
  await act(async () => void (await client.openPortal({ orgId: ORG })));
  await opens();
  expect(api.calls.length).toBeLessThan(6);
});

it("a slower token of the person before leaves nobody waiting", async () => {
  let first = true;
  const { client } = show(async () => {
    if (!first) return tokenOf("bob");
    first = false;
    await wait(10);
    return tokenOf("ada");
  });
  await act(async () => void (await client.openPortal({ orgId: ORG })));
  await opens();
});

it("a renewed token of another person leaves nobody waiting", async () => {
  let token = tokenOf("ada");
  const { api, client } = show(async ({ forceRefresh }) => (forceRefresh ? (token = tokenOf("bob")) : token));
  api.expired.add(tokenOf("ada"));
  client.clear();
  await opens();
});

it("a token that is another person's each time is not asked for without pause", async () => {
  vi.useFakeTimers();
  let count = 0;
  const { client } = show(async () => tokenOf(`person ${count++}`));
  const rival = setInterval(() => void client.openPortal({ orgId: ORG }).catch(() => undefined), 10);
  await act(() => vi.advanceTimersByTimeAsync(5_000));
  clearInterval(rival);
  vi.useRealTimers();
  expect(count).toBeLessThan(1_200);
});
