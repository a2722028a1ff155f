// Supabase's sign-in, as far as @supabase/ssr asks it, and cookies as Next.js has them.

import { createServerClient } from "@supabase/ssr";
import { afterEach, beforeEach, vi } from "vitest";

import { createNextBilling, type Cookie, type CookieStore, type NextBilling } from "../../src/next/index.js";
import { FakeApi, ORG, tokenOf } from "./fakeApi.js";

/** What @supabase/ssr calls its cookie. */
export const NAME = "sb-127-auth-token";
/** Seconds of a fresh session. */
export const FAR = 3_600;

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
export function session(issue: number, seconds: number, name = "Ada"): object {
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
export class Jar implements CookieStore {
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

export let api: FakeApi;
export let auth: FakeAuth;
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
export async function signedIn(
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
/** What the application makes. */
export const billingWith = (jar: Jar): NextBilling =>
  createNextBilling({ baseUrl: "http://api.test", fetch: api.fetch, cookies: async () => jar, supabase });
/** What the API was sent. */
export const tokens = (): (string | null)[] => api.calls.map(({ headers }) => headers.get("authorization"));
