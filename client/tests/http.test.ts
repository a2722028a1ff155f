// The core over real sockets: what a fake fetch may get wrong, Node's does right.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";

import { createBillingClient, type BillingClient } from "../src/index.js";
import { FakeApi, ORG, tokenOf } from "./support/fakeApi.js";

let api: FakeApi;
let server: Server;
let baseUrl: string;
let client: BillingClient;
let token: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const headers = new Headers(
      Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const url = new URL(request.url ?? "/", "http://api.test");
    const call = {
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers,
      body: body ? (JSON.parse(body) as unknown) : undefined,
    };
    api.calls.push(call);
    const answer = await api.answer(call, url);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  api = new FakeApi();
  api.plans.set(ORG, "pilot");
  token = tokenOf("ada");
  client = createBillingClient({
    baseUrl,
    getToken: ({ forceRefresh }) => (forceRefresh ? tokenOf("ada", 2) : token),
  });
});

it("lives through a subscription", async () => {
  expect(await client.hasEntitlement(ORG, "canExportPDF")).toBe(false);
  const { url } = await client.startCheckout({ orgId: ORG, planCode: "pro", interval: "month" });
  expect(url).toBe("https://checkout.test/cs_1");
  api.atStripe = "pro";
  expect((await client.syncAfterCheckout(ORG)).planCode).toBe("pro");
  expect(await client.hasEntitlement(ORG, "canExportPDF")).toBe(true);
  const first = await client.getEntitlements(ORG);
  expect(await client.getEntitlements(ORG)).toBe(first);
  expect(api.calls.at(-1)?.headers.get("if-none-match")).toBe('"pro"');
  expect((await client.openPortal({ orgId: ORG })).url).toBe("https://portal.test/bps_1");
});

it("renews a token that is refused", async () => {
  api.expired.add(token);
  expect((await client.getEntitlements(ORG)).planCode).toBe("pilot");
});

it("keeps the last answer through a 503 and lets the API rest", async () => {
  await client.getEntitlements(ORG);
  api.fail(503, "database_unavailable", { "retry-after": "60" });
  expect((await client.getEntitlements(ORG)).stale).toBe(true);
  expect((await client.getEntitlements(ORG)).stale).toBe(true);
  expect(api.calls).toHaveLength(2);
});

it("drops it on a 403", async () => {
  await client.getEntitlements(ORG);
  api.plans.clear();
  await expect(client.getEntitlements(ORG)).rejects.toMatchObject({
    code: "not_a_member",
    status: 403,
    requestId: "request-1",
  });
});

it("names the address when nobody listens there", async () => {
  const nobody = createBillingClient({ baseUrl: "http://127.0.0.1:1", getToken: () => token });
  const message = "The billing API cannot be reached at http://127.0.0.1:1";
  await expect(nobody.getEntitlements(ORG)).rejects.toMatchObject({ code: "network", status: 0, message });
});

it("names the address when something else answers there", async () => {
  const elsewhere = createBillingClient({ baseUrl: `${baseUrl}/elsewhere/`, getToken: () => token });
  const message = `${baseUrl}/elsewhere answered 404, and not as the billing API does`;
  await expect(elsewhere.getEntitlements(ORG)).rejects.toMatchObject({
    code: "unexpected_response",
    status: 404,
    message,
  });
});
