import { createServerClient } from "@supabase/ssr";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createNextBilling, type Cookie, type CookieStore, type NextBilling } from "../src/next/index.js";
import { FakeApi, ORG, tokenOf } from "./support/fakeApi.js";

const NAME = "sb-127-auth-token";
const FAR = 3_600;

/** The sign-in service: each refresh token counts once. */
class FakeAuth {
  readonly refreshes: string[] = [];
  down = false;
  signIn = {};
  private issue = 0;

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    if (String(input).endsWith("/auth/v1/token?grant_type=password")) return Response.json(this.signIn);
    if (!String(input).endsWith("/auth/v1/token?grant_type=refresh_token"))
      throw new Error(`asked ${String(input)}`);
    const { refresh_token } = JSON.parse(String(init?.body)) as { refresh_token: string };
    this.refreshes.push(refresh_token);
    if (this.down) return Response.json({ message: "down" }, { status: 503 });
    if (refresh_token !== `refresh-${this.issue}`)
      return Response.json(
        { error_code: "refresh_token_already_used", msg: "Already used" },
        { status: 400 },
      );
    return Response.json(session(++this.issue, FAR));
  };
}

/** Ada's session, as the sign-in service gives it. Her name makes it longer than one cookie may be. */
function session(issue: number, seconds: number, name = "Ada"): object {
  return {
    access_token: tokenOf("ada", issue),
    refresh_token: `refresh-${issue}`,
    token_type: "bearer",
    expires_in: seconds,
    expires_at: Math.floor(Date.now() / 1000) + seconds,
    user: {
      id: "ada",
      aud: "authenticated",
      user_metadata: { name },
      app_metadata: {},
      created_at: "2026-11-22T00:00:00Z",
    },
  };
}

/** The browser's cookies, and the request's. `writable`: not those of a page. */
class Jar implements CookieStore {
  readonly values = new Map<string, string>();
  readonly options = new Map<string, object>();
  constructor(readonly writable: boolean) {}

  getAll(): Cookie[] {
    return [...this.values].map(([name, value]) => ({ name, value }));
  }

  set(name: string, value: string, options: object = {}): void {
    if (!this.writable) throw new Error("Cookies can only be modified in a Server Action or Route Handler.");
    this.options.set(name, options);
    if ((options as { maxAge?: number }).maxAge === 0) this.values.delete(name);
    else this.values.set(name, value);
  }

  get session(): { access_token: string; refresh_token: string } | undefined {
    const text = this.values.get(NAME);
    return text
      ? (JSON.parse(Buffer.from(text.slice("base64-".length), "base64url").toString()) as never)
      : undefined;
  }
}

let api: FakeApi;
let auth: FakeAuth;
beforeEach(() => {
  api = new FakeApi();
  api.plans.set(ORG, "pro");
  auth = new FakeAuth();
});
afterEach(() => void vi.useRealTimers());

const supabase = (
  cookies: NonNullable<Parameters<typeof createServerClient>[2]>["cookies"],
): ReturnType<typeof createServerClient> =>
  createServerClient("http://127.0.0.1:9999", "key", { cookies, global: { fetch: auth.fetch } });

/**
 * The cookies that @supabase/ssr wrote when Ada signed in, so long ago that her session ends in so many
 * seconds.
 */
async function signedIn(
  seconds: number,
  { writable, name = "Ada" }: { writable: boolean; name?: string },
): Promise<Jar> {
  const browser = new Jar(true);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - (FAR - seconds) * 1000 });
  const { auth: atSignIn } = supabase({
    getAll: () => browser.getAll(),
    setAll: (list) => list.forEach((each) => browser.set(each.name, each.value, each.options)),
  });
  auth.signIn = session(0, FAR, name);
  await atSignIn.signInWithPassword({ email: "ada@example.com", password: "any" });
  vi.useRealTimers();
  const jar = new Jar(writable);
  for (const [key, value] of browser.values) jar.values.set(key, value);
  return jar;
}
const billingWith = (jar: Jar): NextBilling =>
  createNextBilling({ baseUrl: "http://api.test", fetch: api.fetch, cookies: async () => jar, supabase });
const tokens = (): (string | null)[] => api.calls.map(({ headers }) => headers.get("authorization"));

describe("in a page", () => {
  it("asks with the session in the cookies", async () => {
    expect(
      await billingWith(await signedIn(FAR, { writable: false })).checkEntitlement(ORG, "canExportPDF"),
    ).toMatchObject({ status: "on" });
    expect(tokens()).toEqual([`Bearer ${tokenOf("ada", 0)}`]);
    expect(auth.refreshes).toEqual([]);
  });

  it("reads a session that takes several cookies, whatever letters are in it", async () => {
    const jar = await signedIn(FAR, { writable: false, name: "Adā ✓".repeat(1_000) });
    expect(jar.values.size).toBeGreaterThan(2);
    expect((await billingWith(jar).getEntitlements(ORG)).planCode).toBe("pro");
  });

  it("reads a session that is written plainly, and takes no other project's", async () => {
    const jar = new Jar(false);
    jar.values.set("sb-other-auth-token", JSON.stringify(session(7, FAR)));
    jar.values.set(NAME, JSON.stringify(session(0, FAR)));
    await billingWith(jar).getEntitlements(ORG);
    expect(tokens()).toEqual([`Bearer ${tokenOf("ada", 0)}`]);
  });

  it.each([
    ["no cookie", undefined],
    ["a broken one", "base64-%%%"],
    ["another thing", "base64-bnVsbA"],
  ])("takes %s for nobody", async (_, value) => {
    const jar = new Jar(false);
    if (value) jar.values.set(NAME, value);
    expect(await billingWith(jar).checkEntitlement(ORG, "canExportPDF")).toMatchObject({
      status: "refused",
      error: { code: "unauthenticated" },
    });
    expect(api.calls).toHaveLength(0);
  });

  it("uses up no refresh token, whose successor would be lost: an ended session is no answer", async () => {
    const jar = await signedIn(-10, { writable: false });
    expect(await billingWith(jar).checkEntitlement(ORG, "canExportPDF")).toMatchObject({
      status: "outage",
      error: { code: "token_unavailable" },
    });
    expect(auth.refreshes).toEqual([]);
    expect(jar.session?.refresh_token).toBe("refresh-0");
  });

  it("goes on with a session that is about to end", async () => {
    expect((await billingWith(await signedIn(20, { writable: false })).getEntitlements(ORG)).planCode).toBe(
      "pro",
    );
  });

  it("hands on that the API takes no token of this session", async () => {
    api.expired.add(tokenOf("ada", 0));
    const check = await billingWith(await signedIn(FAR, { writable: false })).checkEntitlement(
      ORG,
      "canExportPDF",
    );
    expect(check).toMatchObject({ status: "refused", error: { status: 401 } });
    expect(auth.refreshes).toEqual([]);
  });
});

describe("in a route handler or a server action", () => {
  it("renews a session that is about to end, and keeps the new one", async () => {
    const jar = await signedIn(20, { writable: true });
    expect(await billingWith(jar).requireEntitlement(ORG, "canExportPDF")).toBeUndefined();
    expect(jar.session).toMatchObject({ access_token: tokenOf("ada", 1), refresh_token: "refresh-1" });
    expect(jar.options.get(NAME)).toMatchObject({ path: "/", sameSite: "lax" });
    expect(tokens()).toEqual([`Bearer ${tokenOf("ada", 1)}`]);
  });

  it("renews it once, however many ask, and does not renew the new one", async () => {
    const jar = await signedIn(20, { writable: true });
    const billing = billingWith(jar);
    await Promise.all([1, 2, 3].map(() => billing.hasEntitlement(ORG, "canExportPDF", { onError: "throw" })));
    await billing.getEntitlements(ORG);
    expect(auth.refreshes).toEqual(["refresh-0"]);
  });

  it("renews it if the API does not take the token", async () => {
    api.expired.add(tokenOf("ada", 0));
    const jar = await signedIn(FAR, { writable: true });
    expect((await billingWith(jar).getEntitlements(ORG)).planCode).toBe("pro");
    expect(jar.session?.refresh_token).toBe("refresh-1");
  });

  it("takes an outage of the sign-in service for no sign-out", async () => {
    const jar = await signedIn(-10, { writable: true });
    vi.useFakeTimers();
    vi.spyOn(console, "error").mockImplementation(() => undefined); // Supabase's own
    auth.down = true;
    const asked = billingWith(jar).checkEntitlement(ORG, "canExportPDF");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await asked).toMatchObject({ status: "outage", error: { code: "token_unavailable" } });
    expect(jar.session?.refresh_token).toBe("refresh-0");
  });

  it("takes a session that was ended elsewhere for nobody", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined); // Supabase's own
    const jar = await signedIn(-10, { writable: true });
    await auth.fetch("http://127.0.0.1:9999/auth/v1/token?grant_type=refresh_token", {
      body: JSON.stringify({ refresh_token: "refresh-0" }),
    });
    expect(await billingWith(jar).checkEntitlement(ORG, "canExportPDF")).toMatchObject({
      status: "refused",
      error: { code: "unauthenticated" },
    });
  });

  it("buys", async () => {
    api.plans.set(ORG, "pilot");
    const billing = billingWith(await signedIn(FAR, { writable: true }));
    expect((await billing.startCheckout({ orgId: ORG, planCode: "pro", interval: "month" })).url).toBe(
      "https://checkout.test/cs_1",
    );
  });

  it("asks with another sign-in than Supabase's", async () => {
    const jar = new Jar(true);
    jar.values.set("session", tokenOf("bob"));
    const getToken = async ({ cookies }: { cookies: CookieStore }): Promise<string | undefined> =>
      cookies.getAll().find(({ name }) => name === "session")?.value;
    const billing = createNextBilling({
      baseUrl: "http://api.test",
      fetch: api.fetch,
      cookies: () => jar,
      getToken,
    });
    await billing.getEntitlements(ORG);
    expect(tokens()).toEqual([`Bearer ${tokenOf("bob")}`]);
  });

  it("says that what it was given is no client", async () => {
    const billing = createNextBilling({
      baseUrl: "http://api.test",
      cookies: () => new Jar(true),
      supabase: () => ({ auth: {} }) as never,
    });
    await expect(billing.getEntitlements(ORG)).rejects.toMatchObject({
      code: "token_unavailable",
      cause: new TypeError("supabase gives no client of @supabase/ssr"),
    });
  });
});

describe("proxy", () => {
  /** As NextResponse.next: a response with cookies of its own. */
  class Next extends Response {
    readonly jar = new Jar(true);
    readonly cookies = {
      getAll: () => this.jar.getAll(),
      set: (name: string, value: string, options?: object) => this.jar.set(name, value, options),
    };
    constructor(readonly forwarded: Headers) {
      super(null);
    }
    static next({ request }: { request: { headers: Headers } }): Next {
      return new Next(new Headers(request.headers));
    }
  }
  const request = (
    jar: Jar,
  ): { headers: Headers; cookies: { getAll(): Cookie[]; set(name: string, value: string): void } } => {
    const headers = new Headers();
    const tell = (): void =>
      headers.set(
        "cookie",
        jar
          .getAll()
          .map(({ name, value }) => `${name}=${value}`)
          .join("; "),
      );
    tell();
    return {
      headers,
      cookies: { getAll: () => jar.getAll(), set: (name, value) => (jar.values.set(name, value), tell()) },
    };
  };

  it("renews the session for the browser and for the page behind", async () => {
    const jar = await signedIn(20, { writable: true });
    const response = (await billingWith(jar).proxy(request(jar), Next)) as Next;
    expect(response.jar.session?.refresh_token).toBe("refresh-1");
    expect([...response.jar.values.keys()]).toEqual([NAME]);
    const forwarded = Buffer.from(
      (response.forwarded.get("cookie") ?? "").slice(`${NAME}=base64-`.length),
      "base64url",
    ).toString();
    expect(forwarded).toContain('"refresh-1"');
    expect(response.headers.get("cache-control")).toBe("private, no-store");
  });

  it("leaves a fresh session and its answer alone", async () => {
    const jar = await signedIn(FAR, { writable: true });
    const response = (await billingWith(jar).proxy(request(jar), Next)) as Next;
    expect(response.jar.values.size).toBe(0);
    expect(response.headers.has("cache-control")).toBe(false);
    expect(auth.refreshes).toEqual([]);
  });

  it.each([
    ["a redirect", () => Response.redirect("https://app.test/pricing", 307), 307],
    ["a refusal", () => Response.json({ code: "feature_not_in_plan" }, { status: 403 }), 403],
  ])("puts the new session's cookies on %s of the guard too", async (_, make, status) => {
    const jar = await signedIn(20, { writable: true });
    const response = await billingWith(jar).proxy(request(jar), Next, async ({ checkEntitlement }) =>
      (await checkEntitlement(ORG, "hasAPI")).status === "off" ? make() : undefined,
    );
    expect(response.status).toBe(status);
    expect(response.headers.get("location")).toBe(status === 307 ? "https://app.test/pricing" : null);
    const [cookie] = response.headers.getSetCookie();
    expect(cookie).toMatch(new RegExp(`^${NAME}=base64-[\\w-]+; Path=/; Max-Age=\\d+; SameSite=lax$`));
    expect(
      Buffer.from(cookie?.split(/[=;]/)[1]?.slice("base64-".length) ?? "", "base64url").toString(),
    ).toContain('"refresh-1"');
  });

  it("lets the page answer if the guard does not, with one renewal for both", async () => {
    const jar = await signedIn(20, { writable: true });
    const response = await billingWith(jar).proxy(request(jar), Next, async ({ requireEntitlement }) =>
      requireEntitlement(ORG, "canExportPDF"),
    );
    expect(response).toBeInstanceOf(Next);
    expect(auth.refreshes).toEqual(["refresh-0"]);
  });

  it("lets the page answer while the sign-in service is down", async () => {
    const jar = await signedIn(-10, { writable: true });
    vi.useFakeTimers();
    vi.spyOn(console, "error").mockImplementation(() => undefined); // Supabase's own
    auth.down = true;
    const answering = billingWith(jar).proxy(request(jar), Next);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await answering).toBeInstanceOf(Next);
    expect(jar.session?.refresh_token).toBe("refresh-0");
  });
});
