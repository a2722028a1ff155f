// A billing API in memory, in the place of `fetch`: what it answers, a test says.

import type { Checkout, Interval, PlanCode } from "../types.js";
import { TEST_ORG, testEntitlements, testPlans, type TestEntitlements } from "./answers.js";

export { TEST_ORG, testEntitlements, testPlans, type TestEntitlements } from "./answers.js";

/**
 * How the stub fails: nobody can be reached, nobody is signed in, the person is no member, or there is never
 * an answer.
 */
export type StubFailure = "outage" | "signed_out" | "not_member" | "silence";

/** A request that the stub was sent. */
export interface StubCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: unknown;
}

/** The API in memory. */
export interface BillingStub {
  /** Give it to a client as its `fetch`. Any `baseUrl` and any token will do. */
  readonly fetch: typeof globalThis.fetch;
  /** What it was sent. */
  readonly calls: readonly StubCall[];
  /** Says what an organization has from now on. Default: all that were not spoken of. */
  set(answer: TestEntitlements, orgId?: string): void;
  /** Fails each request, until it is told nothing. */
  fail(how?: StubFailure): void;
}

/**
 * Makes one in which all organizations have this. A checkout that it was asked for is paid when the client
 * asks it to `sync`, as the page after a checkout does.
 */
export function createBillingStub(answer: TestEntitlements = {}): BillingStub {
  const answers = new Map<string, TestEntitlements>();
  const orders = new Map<string, Bought>();
  const calls: StubCall[] = [];
  let everybody = answer;
  let failure: StubFailure | undefined;

  const of = (orgId: string): ReturnType<typeof testEntitlements> =>
    testEntitlements({ orgId, ...(answers.get(orgId) ?? everybody) });
  const said = (orgId: string): Response => {
    const { stale: _, ...rest } = of(orgId);
    return Response.json({ success: true, ...rest });
  };

  const reply = (path: string, query: URLSearchParams, body: Order | undefined): Response => {
    const orgId = query.get("orgId") ?? body?.orgId ?? TEST_ORG;
    const now = of(orgId);
    const isPaid = now.status !== "none" && now.status !== "canceled";
    if (/billing\/(checkout|portal)$/.test(path) && now.canManageBilling === false)
      return refused(403, "not_a_billing_admin");
    switch (/\/api\/(.*)$/.exec(path)?.[1]) {
      case "entitlements":
        return said(orgId);
      case "billing/sync": {
        const order = orders.get(orgId);
        if (order) answers.set(orgId, { ...(answers.get(orgId) ?? everybody), status: "active", ...order });
        orders.delete(orgId);
        return said(orgId);
      }
      case "billing/plans":
        return Response.json({ success: true, plans: testPlans(query.has("orgId") ? now : undefined) });
      case "billing/checkout": {
        if (isPaid)
          return refused(409, "already_subscribed", { portalUrl: "https://billing.stripe.test/confirm" });
        if (!body) return refused(400, "invalid_request");
        const order = bought(body);
        orders.set(orgId, order);
        return Response.json({ success: true, ...checkoutOf(orgId, order) });
      }
      case "billing/portal":
        if (!isPaid) return refused(404, "no_customer");
        return Response.json({
          success: true,
          orgId,
          url: `https://billing.stripe.test/${body?.flow?.type ?? "overview"}`,
        });
      default:
        return Response.json({ message: "Not Found" }, { status: 404 });
    }
  };

  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = input instanceof Request ? input : undefined;
    const { pathname, search, searchParams } = new URL(request?.url ?? String(input), "http://stub.test");
    const text = init?.body ? String(init.body) : await request?.text();
    const body = text ? (JSON.parse(text) as Order) : undefined;
    calls.push({ method: init?.method ?? request?.method ?? "GET", path: pathname + search, body });
    switch (failure) {
      case "outage":
        throw new TypeError("The stub is told to fail");
      case "silence":
        return new Promise((_, reject) =>
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error)),
        );
      case "signed_out":
        return refused(401, "unauthenticated");
      case "not_member":
        return refused(403, "not_a_member");
      default:
        return reply(pathname, searchParams, body);
    }
  };

  return {
    fetch,
    calls,
    set: (next, orgId) => {
      if (orgId !== undefined) answers.set(orgId, next);
      else everybody = next;
    },
    fail: (how) => (failure = how),
  };
}

interface Order {
  readonly orgId?: string;
  readonly planCode: PlanCode;
  readonly interval: Interval;
  readonly seats?: number;
  readonly flow?: { readonly type: string };
}

type Bought = Pick<Checkout, "planCode" | "interval" | "seats">;

/** As many times what the plan includes as hold the seats. */
function bought({ planCode, interval, seats = 1 }: Order): Bought {
  const included = testPlans().find((plan) => plan.planCode === planCode)?.seats ?? 1;
  return { planCode, interval, seats: Math.ceil(seats / included) * included };
}

const checkoutOf = (orgId: string, order: Bought): Checkout => ({
  orgId,
  ...order,
  sessionId: "cs_test_1",
  url: "https://checkout.stripe.test/cs_test_1",
});

const SENTENCES: Readonly<Record<string, string>> = {
  unauthenticated: "A valid access token is required",
  not_a_member: "You are not a member of this organization",
  not_a_billing_admin: "Only an owner or admin of the organization can do this",
  already_subscribed: "The organization has a paid plan; change it in the portal",
  invalid_request: "The request is no JSON object",
  no_customer: "The organization has not bought anything yet",
};

const refused = (status: number, code: string, more: object = {}): Response =>
  Response.json({ success: false, error: SENTENCES[code], code, requestId: "stub", ...more }, { status });
