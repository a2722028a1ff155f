// One request with a token, a limit of time, and every failure as a BillingError.

import { BillingError, userChanged, type ErrorCode } from "./errors.js";
import type { Session } from "./session.js";

/** @internal */
export interface Exchange {
  /** Makes it a POST. */
  readonly body?: unknown;
  /** The answer at hand. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A token that was fetched already. */
  readonly token?: string;
  /** Goes without a token: anybody may ask. */
  readonly open?: boolean;
}

/** @internal */
export interface Reply {
  /** A 2xx, or 304. */
  readonly status: number;
  readonly etag: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** @internal */
export type Send = (path: string, exchange: Exchange) => Promise<Reply>;

/** @internal */
export function createSend(
  baseUrl: string,
  fetch: typeof globalThis.fetch,
  timeout: number,
  session: Session,
): Send {
  // As from an environment variable that is not set.
  if (typeof baseUrl !== "string") throw new TypeError("baseUrl is not a string");
  // `api.example.com` alone would be a page of the frontend's own.
  if (!/^($|\/|https?:\/\/)/i.test(baseUrl))
    throw new TypeError(`baseUrl begins with neither https:// nor /: "${baseUrl}"`);
  const base = baseUrl.replace(/\/+$/, "");
  const place = base || "the page's own origin";

  const once = async (
    path: string,
    { body, etag, signal }: Exchange,
    token?: string,
    person?: AbortSignal,
  ): Promise<Reply> => {
    const headers: Record<string, string> = { accept: "application/json" };
    if (token) headers["authorization"] = `Bearer ${token}`;
    if (body) headers["content-type"] = "application/json";
    if (etag) headers["if-none-match"] = etag;
    // What asks Stripe takes longer.
    const most = body ? timeout * 3 : timeout;
    const limit = new AbortController();
    const abort = (): void => limit.abort();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      abort();
    }, most);
    for (const end of [signal, person]) end?.addEventListener("abort", abort);
    try {
      signal?.throwIfAborted();
      // No cache between: neither the browser's, which would answer the 304 itself, nor that of Next.js,
      // which is everybody's.
      const init: RequestInit = { headers, cache: "no-store", signal: limit.signal };
      const response = await fetch(
        base + path,
        body ? { ...init, method: "POST", body: JSON.stringify(body) } : init,
      );
      const text = await response.text();
      return read(response, text, place);
    } catch (cause) {
      signal?.throwIfAborted();
      if (person?.aborted) throw userChanged();
      if (cause instanceof BillingError) throw cause;
      throw late
        ? new BillingError("timeout", `No answer from ${place} within ${most} ms`, { cause })
        : new BillingError("network", `The billing API cannot be reached at ${place}`, { cause });
    } finally {
      clearTimeout(timer);
      for (const end of [signal, person]) end?.removeEventListener("abort", abort);
    }
  };

  return async (path, exchange) => {
    const { open, signal } = exchange;
    if (open) return once(path, exchange);
    const token = exchange.token ?? (await session.token(false, signal));
    const person = session.person();
    const current = <T>(value: T): T => {
      if (person.aborted || !session.owns(token)) throw userChanged();
      return value;
    };
    let reply: Reply;
    try {
      reply = await once(path, exchange, current(token), person);
    } catch (error) {
      signal?.throwIfAborted();
      current(0);
      if (!(error instanceof BillingError && error.status === 401)) throw error;
      const renewed = await session.token(true, signal).catch((problem: unknown) => {
        if (!person.aborted) signal?.throwIfAborted();
        // The API has refused, and knows why. That there is no new token says less, and is no reason to go by
        // its last answer.
        throw problem instanceof BillingError && problem.code === "user_changed" ? problem : error;
      });
      reply = await once(path, exchange, current(renewed), person);
    }
    return current(reply);
  };
}

function read(response: Response, content: string, place: string): Reply {
  const { status, headers } = response;
  let body: unknown;
  try {
    body = JSON.parse(content || "{}");
  } catch {
    // Not the API's. Said below.
  }
  if (typeof body !== "object" || body === null) body = { unreadable: true };
  const fields = body as Readonly<Record<string, unknown>>;
  if (status === 304 || (response.ok && fields["success"] === true)) {
    return { status, etag: headers.get("etag") ?? undefined, body: fields };
  }
  const { code } = fields;
  const known = typeof code === "string";
  const text = (name: string): string | undefined =>
    typeof fields[name] === "string" ? fields[name] : undefined;
  throw new BillingError(
    known ? (code as ErrorCode) : status === 429 ? "throttled" : "unexpected_response",
    known
      ? text("error") || `The billing API answered ${code}`
      : `${place} answered ${status}, and not as the billing API does`,
    {
      status,
      requestId: text("requestId"),
      portalUrl: text("portalUrl"),
      retryAfter: milliseconds(headers.get("retry-after")),
    },
  );
}

/**
 * How long a `Retry-After` counts at most, in milliseconds. The API never says more; a date tells as much as
 * this machine's clock is wrong.
 *
 * @internal
 */
export const LONGEST_REST = 60_000;

/** Retry-After is seconds or a date (RFC 9110, 10.2.3). */
function milliseconds(value: string | null): number | undefined {
  if (!value) return undefined;
  const time = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return time >= 0 ? Math.min(time, LONGEST_REST) : undefined;
}
