// What runs before a page: renews the session and puts its cookies on whatever is answered.

import type { ServerBilling } from "../server/index.js";
import { PROBE, type Cookie, type CookieStore } from "./session.js";

/** What is used of `NextRequest`. */
export interface ProxyRequest {
  readonly headers: Headers;
  readonly cookies: { getAll(): Cookie[]; set(name: string, value: string): unknown };
}

/** What is used of `NextResponse`: the answer that lets the page answer. */
export interface ProxyResponses<Page extends Response> {
  next(init: { readonly request: { readonly headers: Headers } }): Page;
}

/** Answers instead of the page, or gives nothing. */
export type ProxyGuard = (
  billing: ServerBilling,
) => Response | undefined | void | Promise<Response | undefined | void>;

/** @internal */
export async function proxied<Page extends Response>(
  request: ProxyRequest,
  responses: ProxyResponses<Page>,
  guard: ProxyGuard | undefined,
  token: (asked: { readonly cookies: CookieStore; readonly forceRefresh: boolean }) => Promise<unknown>,
  billingWith: (jar: CookieStore) => ServerBilling,
): Promise<Response> {
  const written = new Map<string, Written>();
  const jar: CookieStore = {
    getAll: () => request.cookies.getAll(),
    set: (name, value, options = {}) => {
      if (name === PROBE) return; // it can be written, and that one need not
      request.cookies.set(name, value); // for the page behind
      written.set(name, { name, value, options });
    },
  };
  // Who asks for something says what is wrong; a page that asks for nothing need not fail.
  await token({ cookies: jar, forceRefresh: false }).catch(() => undefined);
  const answer =
    (await guard?.(billingWith(jar))) ?? responses.next({ request: { headers: request.headers } });
  if (written.size === 0) return answer;
  // A copy, because the headers of Response.redirect() cannot be changed.
  const response = isNext(answer) ? answer : new Response(answer.body, answer);
  for (const cookie of written.values()) {
    if (isNext(response)) response.cookies.set(cookie.name, cookie.value, cookie.options);
    else response.headers.append("set-cookie", serialized(cookie));
  }
  // One visitor's session in a shared cache would be everybody's.
  response.headers.set("cache-control", "private, no-store");
  return response;
}

type Written = Cookie & { readonly options: object };
type WithCookies = Response & { readonly cookies: CookieStore };
const isNext = (response: Response): response is WithCookies => "cookies" in response;

/** As RFC 6265, 4.1 says it. */
function serialized({ name, value, options }: Written): string {
  const { path, domain, maxAge, expires, secure, httpOnly, sameSite } = options as Readonly<
    Record<string, unknown>
  >;
  const parts = [`${name}=${encodeURIComponent(value)}`];
  if (path) parts.push(`Path=${String(path)}`);
  if (domain) parts.push(`Domain=${String(domain)}`);
  if (maxAge !== undefined) parts.push(`Max-Age=${String(maxAge)}`);
  if (expires instanceof Date) parts.push(`Expires=${expires.toUTCString()}`);
  if (secure) parts.push("Secure");
  if (httpOnly) parts.push("HttpOnly");
  if (sameSite) parts.push(`SameSite=${sameSite === true ? "Strict" : String(sameSite)}`);
  return parts.join("; ");
}
