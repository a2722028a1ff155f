import { describe, expect, it, vi } from "vitest";

import { createNextBilling, type CookieStore } from "../src/next/index.js";
import { ORG, tokenOf } from "./support/fakeApi.js";
import { api, auth, billingWith, FAR, Jar, NAME, session, signedIn, tokens } from "./support/nextApp.js";

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
