// For the app router of Next.js: asks with the session in the visitor's cookies, and keeps what a renewed
// session is written to. Next.js itself is handed in, so nothing here imports it.

import { createServerBilling, type ServerBilling, type ServerBillingOptions } from "../server/index.js";
import { proxied, type ProxyGuard, type ProxyRequest, type ProxyResponses } from "./proxy.js";
import { tokenFrom, type CookieStore, type SupabaseOf } from "./session.js";

export type { ProxyGuard, ProxyRequest, ProxyResponses } from "./proxy.js";
export type {
  Cookie,
  CookieMethods,
  CookieStore,
  SessionAnswer,
  SupabaseOf,
  SupabaseSession,
} from "./session.js";

/** Gives the access token of the request's visitor, or nothing if nobody is signed in. */
export type GetTokenFromCookies = (request: {
  /** The request's cookies. In a page `set` throws: nothing reaches the browser from there. */
  readonly cookies: CookieStore;
  /** The API did not take the last token. */
  readonly forceRefresh: boolean;
}) => Promise<string | null | undefined>;

/** How an application of Next.js asks. */
export type NextBillingOptions = Omit<ServerBillingOptions, "getToken"> & {
  /** `cookies` of `next/headers`. */
  readonly cookies: () => CookieStore | Promise<CookieStore>;
} & (
    | {
        /** Makes a client of `@supabase/ssr` that keeps its session in these cookies. */
        readonly supabase: SupabaseOf;
        readonly getToken?: undefined;
      }
    | {
        /** Another sign-in than Supabase's. */
        readonly getToken: GetTokenFromCookies;
        readonly supabase?: undefined;
      }
  );

/** Asks on behalf of the visitor: in pages and layouts, route handlers and server actions. */
export interface NextBilling extends ServerBilling {
  /**
   * For `proxy.ts` (`middleware.ts` before Next.js 16). Renews the session if it is about to end, for the
   * browser as for the page behind, and puts its cookies on whatever is answered, a redirect or refusal
   * included.
   *
   * @param responses - `NextResponse` of `next/server`
   * @param guard - may answer instead of the page
   */
  proxy<Page extends Response>(
    request: ProxyRequest,
    responses: ProxyResponses<Page>,
    guard?: ProxyGuard,
  ): Promise<Response>;
}

/** Makes it, once for the application. */
export function createNextBilling({
  cookies,
  supabase,
  getToken,
  ...options
}: NextBillingOptions): NextBilling {
  const from: GetTokenFromCookies = supabase ? tokenFrom(supabase) : getToken;
  const billingWith = (jar: () => CookieStore | Promise<CookieStore>): ServerBilling =>
    createServerBilling({
      ...options,
      getToken: async ({ forceRefresh }) => from({ cookies: await jar(), forceRefresh }),
    });

  return {
    ...billingWith(cookies),
    proxy: (request, responses, guard) =>
      proxied(request, responses, guard, from, (jar) => billingWith(() => jar)),
  };
}
