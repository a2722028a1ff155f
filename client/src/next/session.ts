// The session that @supabase/ssr keeps in cookies. A renewed one that is not written back signs the person
// out: so it is renewed only where cookies reach the browser, once, and written there.

/** A cookie of a request. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
}

/** What `cookies()` of `next/headers` gives. */
export interface CookieStore {
  getAll(): Cookie[];
  set(name: string, value: string, options?: object): unknown;
}

/** What `createServerClient` of `@supabase/ssr` takes as `cookies`. */
export interface CookieMethods {
  getAll(): Cookie[];
  setAll(cookies: readonly (Cookie & { readonly options: object })[]): void;
}

/** What Supabase answers about a session. */
export interface SessionAnswer {
  readonly data: { readonly session: { readonly access_token: string } | null };
  readonly error: { readonly status?: number | undefined } | null;
}

/** What is used of a Supabase client. */
export interface SupabaseSession {
  readonly auth: { getSession(): Promise<SessionAnswer>; refreshSession(): Promise<SessionAnswer> };
}

/** Makes a client with these cookies: `(cookies) => createServerClient(url, key, { cookies })`. */
export type SupabaseOf = (cookies: CookieMethods) => SupabaseSession;

/** How long before its end Supabase's client renews a session that it is asked for, in seconds. */
const SUPABASE_MARGIN = 90;
/**
 * How long before its end a session is renewed, in seconds. Earlier than Supabase does it: a page behind the
 * proxy that asks Supabase who is there would renew it, and lose it.
 */
const MARGIN = SUPABASE_MARGIN + 30;
/** A cookie that is set to see whether one can be. @internal */
export const PROBE = "promptforge-billing-probe";

/** Reads the access token from cookies, and renews the session where that can be kept. @internal */
export function tokenFrom(supabase: SupabaseOf) {
  const renewals = new WeakMap<CookieStore, Promise<string | null>>();
  let name: string | undefined;

  const renew = async (jar: CookieStore, left: number): Promise<string | null> => {
    const { auth } = supabase({
      getAll: () => jar.getAll(),
      setAll: (cookies) => {
        for (const cookie of cookies) jar.set(cookie.name, cookie.value, cookie.options);
      },
    });
    // refreshSession() asks for the session first: that would renew twice what is about to end.
    const { data, error } = await (left > SUPABASE_MARGIN ? auth.refreshSession() : auth.getSession());
    // The sign-in service cannot be had. That is no sign-out.
    if (error && (!error.status || error.status === 429 || error.status >= 500)) throw error;
    return data.session?.access_token ?? null;
  };

  return async ({
    cookies: jar,
    forceRefresh,
  }: {
    readonly cookies: CookieStore;
    readonly forceRefresh: boolean;
  }): Promise<string | null> => {
    name ??= nameOfCookie(supabase);
    const session = sessionIn(jar.getAll(), name);
    if (!session) return null;
    const left = session.expires_at - Date.now() / 1000;
    if (!forceRefresh && left > MARGIN) return session.access_token;
    if (!canWrite(jar)) {
      if (!forceRefresh && left > 0) return session.access_token;
      throw new Error("The session is over, and a page cannot renew it: call billing.proxy in proxy.ts");
    }
    // All who ask while one request is answered share it: a refresh token counts once.
    const underWay = renewals.get(jar) ?? renew(jar, left).finally(() => renewals.delete(jar));
    renewals.set(jar, underWay);
    return underWay;
  };
}

/**
 * Whether cookies reach the browser: in pages and layouts `set` throws. It is tried before a refresh token is
 * used up.
 */
function canWrite(jar: CookieStore): boolean {
  try {
    jar.set(PROBE, "", { maxAge: 0, path: "/" });
    return true;
  } catch {
    return false;
  }
}

/** What the client calls its cookie; its types do not say it. */
function nameOfCookie(supabase: SupabaseOf): string {
  const { auth } = supabase({ getAll: () => [], setAll: () => undefined });
  const { storageKey } = auth as { readonly storageKey?: unknown };
  if (typeof storageKey !== "string") throw new TypeError("supabase gives no client of @supabase/ssr");
  return storageKey;
}

/**
 * The session as @supabase/ssr writes it: in one cookie or in numbered parts, base64url behind a prefix or
 * plain.
 */
function sessionIn(
  cookies: readonly Cookie[],
  name: string,
): { readonly access_token: string; readonly expires_at: number } | undefined {
  const values = new Map(cookies.map((cookie) => [cookie.name, cookie.value]));
  let text = values.get(name) ?? "";
  if (!text) for (let part = 0, value; (value = values.get(`${name}.${part}`)); part++) text += value;
  try {
    const encoded = /^base64-(.*)$/s.exec(text)?.[1];
    const bytes =
      encoded === undefined
        ? undefined
        : Uint8Array.from(atob(encoded.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
    const session: unknown = JSON.parse(bytes ? new TextDecoder().decode(bytes) : text);
    const { access_token, expires_at = 0 } = session as { access_token?: unknown; expires_at?: number };
    return typeof access_token === "string" ? { access_token, expires_at } : undefined;
  } catch {
    return undefined; // nobody is signed in
  }
}
