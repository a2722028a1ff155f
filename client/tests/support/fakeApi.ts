// Behaves like the API as far as a client sees it: tokens, members, ETags, failures. As a `fetch`, or behind
// a real server.

import type { Entitlements, Feature, Plan, PlanCode } from "../../src/index.js";

export const ORG = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10";
export const OTHER_ORG = "00000000-0000-4000-8000-000000000002";

const paid: readonly Feature[] = [
  "canUseAllModules",
  "canExportPDF",
  "canExportJSON",
  "canUseGptTestReal",
  "hasCloudHistory",
  "hasEvaluatorAI",
];
const top: readonly Feature[] = ["hasAPI", "canExportBundleZip", "hasWhiteLabel", "hasSeatsGT1"];

/** What the API says of an organization with this plan: no more than the oldest one that there is. */
export function answer(planCode: PlanCode, orgId = ORG): Entitlements {
  const flags = { canExportMD: true } as Record<Feature, boolean>;
  for (const flag of paid) flags[flag] = planCode !== "pilot";
  for (const flag of top) flags[flag] = planCode === "enterprise";
  return {
    orgId,
    planCode,
    status: planCode === "pilot" ? "none" : "active",
    seats: planCode === "enterprise" ? 5 : 1,
    currentPeriodEnd: planCode === "pilot" ? null : "2026-12-22T21:40:52Z",
    cancelAt: null,
    graceEndsAt: null,
    entitlements: flags,
    timestamp: "2026-11-22T21:40:53Z",
    stale: false,
  } as Entitlements;
}

/** A token of this person, in the form that Supabase's have. */
export const tokenOf = (sub: string, issue = 0): string =>
  `e30.${btoa(JSON.stringify({ sub, issue })).replace(/=/g, "")}.c2ln`;

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

type Answerer = (call: Call) => Response | Promise<Response>;

export const failure = (
  status: number,
  code: string,
  headers: Record<string, string> = {},
  more: object = {},
): Response =>
  Response.json(
    { success: false, error: `The sentence of ${code}`, code, requestId: "request-1", ...more },
    { status, headers },
  );

export class FakeApi {
  readonly calls: Call[] = [];
  /** Plans by organization, or by person and organization. */
  readonly plans = new Map<string, PlanCode>();
  /** Tokens that the API does not take. */
  readonly expired = new Set<string>();
  /** Answers the next requests, each one once, before anything else. */
  readonly next: Answerer[] = [];
  /** Answers all requests instead. */
  instead: Answerer | undefined;
  /** What this API says that an older one does not. */
  more: Partial<Entitlements> = {};
  /**
   * What is sold; undefined: an older API, without that route and without an address beside
   * `already_subscribed`.
   */
  sold: readonly Plan[] | undefined;
  /** What Stripe says that the API has not heard of yet: sync finds it. */
  atStripe: PlanCode | undefined;
  private reads = 0;

  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input), "http://api.test");
    init.signal?.throwIfAborted();
    const body: unknown = init.body ? JSON.parse(String(init.body)) : undefined;
    const call = {
      method: init.method ?? "GET",
      path: url.pathname + url.search,
      headers: new Headers(init.headers),
      body,
    };
    this.calls.push(call);
    const aborted = new Promise<never>((_, reject) =>
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
    );
    aborted.catch(() => undefined);
    return Promise.race([aborted, this.answer(call, url)]);
  };

  /** The same failure for each request until it is set to undefined. */
  fail(status: number, code: string, headers?: Record<string, string>): void {
    this.instead = () => failure(status, code, headers);
  }

  async answer(call: Call, url: URL): Promise<Response> {
    const answerer = this.next.shift() ?? this.instead;
    if (answerer) return answerer(call);
    if (url.pathname === "/api/billing/plans" && !url.searchParams.has("orgId") && this.sold)
      return this.plansFor(undefined);
    const token = call.headers.get("authorization")?.replace("Bearer ", "") ?? "";
    if (!token || this.expired.has(token)) return failure(401, "unauthenticated");
    const who = (JSON.parse(atob(token.split(".")[1] ?? "")) as { sub: string }).sub;
    const orgId = url.searchParams.get("orgId") ?? (call.body as { orgId?: string } | undefined)?.orgId ?? "";
    const plan = this.plans.get(`${who} ${orgId}`) ?? this.plans.get(orgId);
    if (!plan) return failure(403, "not_a_member");
    switch (url.pathname) {
      case "/api/entitlements": {
        const etag = `"${plan}${Object.keys(this.more).join()}"`;
        if (call.headers.get("if-none-match")?.split(", ").includes(etag))
          return new Response(null, { status: 304, headers: { etag } });
        return Response.json(this.stamped(plan, orgId), { headers: { etag } });
      }
      case "/api/billing/sync": {
        if (this.atStripe) this.plans.set(orgId, this.atStripe);
        const now = this.plans.get(orgId) ?? plan;
        return Response.json(this.stamped(now, orgId), { headers: { etag: `"${now}"` } });
      }
      case "/api/billing/checkout":
        if (plan !== "pilot")
          return failure(
            409,
            "already_subscribed",
            {},
            this.sold ? { portalUrl: "https://portal.test/confirm" } : {},
          );
        return Response.json({
          success: true,
          sessionId: "cs_1",
          url: "https://checkout.test/cs_1",
          ...(call.body as object),
        });
      case "/api/billing/portal":
        if (plan === "pilot") return failure(404, "no_customer");
        return Response.json({ success: true, url: "https://portal.test/bps_1", orgId });
      case "/api/billing/plans":
        return this.plansFor(plan);
      default:
        return Response.json({ message: "Not Found" }, { status: 404 });
    }
  }

  private plansFor(plan: PlanCode | undefined): Response {
    if (!this.sold) return Response.json({ message: "Not Found" }, { status: 404 });
    const ranks = new Map(this.sold.map(({ planCode, rank }) => [planCode, rank]));
    const actionFor = (code: PlanCode): string => {
      if (code === plan) return "current";
      if (plan === "pilot") return "buy";
      return (ranks.get(code) ?? 0) > (ranks.get(plan as PlanCode) ?? 0) ? "upgrade" : "downgrade";
    };
    return Response.json({
      success: true,
      plans: this.sold.map((each) => ({ ...(plan && { action: actionFor(each.planCode) }), ...each })),
    });
  }

  private stamped(plan: PlanCode, orgId: string): unknown {
    const { stale: _, ...rest } = answer(plan, orgId);
    return {
      success: true,
      ...rest,
      ...this.more,
      timestamp: `2026-11-22T21:40:${String(++this.reads).padStart(2, "0")}Z`,
    };
  }
}

/** An answer that comes when the test says so. */
export function held(): { readonly answerer: Answerer; release(response: Response): void } {
  let release: (response: Response) => void = () => undefined;
  const response = new Promise<Response>((resolve) => (release = resolve));
  return { answerer: () => response, release };
}
