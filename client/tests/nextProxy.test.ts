import { describe, expect, it, vi } from "vitest";

import type { Cookie } from "../src/next/index.js";
import { ORG } from "./support/fakeApi.js";
import { auth, billingWith, FAR, Jar, NAME, signedIn } from "./support/nextApp.js";

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

  it("renews before Supabase itself would in a page, where it is lost", async () => {
    const jar = await signedIn(95, { writable: true });
    await billingWith(jar).proxy(request(jar), Next);
    expect(auth.refreshes).toEqual(["refresh-0"]);
    expect(jar.session?.refresh_token).toBe("refresh-1");
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
