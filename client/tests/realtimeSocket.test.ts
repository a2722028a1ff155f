// The real supabase-js over a real socket: what watchEntitlements relies on it for.

import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { WebSocket } from "ws";

import { watchEntitlements } from "../src/realtime/index.js";
import { setUp } from "./support/clients.js";
import { ORG, tokenOf } from "./support/fakeApi.js";
import { FakeRealtime } from "./support/fakeRealtime.js";

let realtime: FakeRealtime;
let supabase: SupabaseClient;
let token: string;

beforeEach(async () => {
  realtime = await FakeRealtime.start();
  token = tokenOf("ada");
  supabase = createClient(realtime.url, "publishable-key", {
    accessToken: async () => token,
    realtime: { transport: WebSocket as never, reconnectAfterMs: () => 10, heartbeatIntervalMs: 20 },
  });
});
afterEach(async () => {
  await supabase.removeAllChannels();
  await realtime.stop();
});

// In less time than watchEntitlements takes to look once more by itself, which would hide that it did not
// hear.
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 2_000, interval: 5 });

/** Watches, and waits until the connection is there and has been asked about. */
async function watching() {
  const { api, client } = setUp();
  await client.getEntitlements(ORG);
  const plans: (string | undefined)[] = [];
  client.subscribe(ORG, ({ entitlements }) => plans.push(entitlements?.planCode));
  const stop = watchEntitlements(client, supabase, ORG);
  await eventually(() => expect(api.calls).toHaveLength(2));
  return { api, plans, stop };
}

it("subscribes to the organization's rows in both tables, as the person", async () => {
  await watching();
  const row = { event: "*", schema: "billing", filter: `org_id=eq.${ORG}` };
  const changes = [{ ...row, table: "entitlements" }, { ...row, table: "subscriptions" }];
  expect(realtime.joins).toEqual([{ topic: expect.stringContaining(ORG), token, changes }]);
});

it.each([0, 1])("reads anew, conditionally, when a row of table %i changes", async (place) => {
  const { api, plans } = await watching();
  api.plans.set(ORG, "pro");
  realtime.change(place);
  await eventually(() => expect(plans).toEqual(["pro"]));
  expect(api.calls).toHaveLength(3);
  expect(api.calls[2]?.headers.get("if-none-match")).toBe('"afresh", "pilot"');
});

it("reads anew when a dropped connection is there again: what happened meanwhile was not heard", async () => {
  const { api, plans } = await watching();
  api.plans.set(ORG, "pro");
  realtime.drop();
  await eventually(() => expect(plans).toEqual(["pro"]));
  expect(realtime.joins).toHaveLength(2);
  expect(realtime.joins[1]).toEqual(realtime.joins[0]);
  api.plans.set(ORG, "enterprise");
  realtime.change(0);
  await eventually(() => expect(plans).toEqual(["pro", "enterprise"]));
});

it("hands a renewed token to the running subscription", async () => {
  await watching();
  token = tokenOf("ada", 1);
  await supabase.realtime.setAuth();
  await eventually(() => expect(realtime.tokens).toEqual([token]));
});

it("leaves the channel and closes the connection at the end", async () => {
  const { api, stop } = await watching();
  await eventually(() => expect(realtime.heartbeats).toBeGreaterThan(0));
  stop();
  await eventually(() => expect(realtime.connections).toBe(0));
  expect(realtime.left).toEqual([realtime.joins[0]?.topic]);
  expect(supabase.getChannels()).toEqual([]);
  expect(api.calls).toHaveLength(2);
});
