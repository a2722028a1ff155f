// Whose token it is. What is known belongs to one person and must not outlive their session.

import { BillingError, userChanged } from "./errors.js";
import { unlessAborted } from "./flight.js";

/**
 * The signed-in person's access token, or nothing if nobody is signed in. `forceRefresh` asks for a new one,
 * because the API did not take the last. To throw means that it cannot be had at the moment, as without a
 * network; so does to give none in time.
 */
export type GetToken = (options: {
  readonly forceRefresh: boolean;
}) => string | null | undefined | Promise<string | null | undefined>;

/** @internal */
export interface Session {
  /** The token of whoever is signed in. Rejects with the signal's reason once that is aborted. */
  token(forceRefresh: boolean, signal: AbortSignal | undefined): Promise<string>;
  /** Whether a token is of whoever is signed in now. */
  owns(token: string): boolean;
  /** Is aborted as soon as the person is not the same any more. */
  person(): AbortSignal;
  /** Forgets who is signed in. */
  end(): void;
}

/**
 * @param timeout - how long a token may take, in milliseconds
 * @param onEnd - what to do when the person is not the same any more
 * @internal
 */
export function createSession(getToken: GetToken, timeout: number, onEnd: () => void): Session {
  let subject: string | undefined;
  let era = 0;
  let person = new AbortController();

  const end = (): void => {
    subject = undefined;
    era++;
    person.abort();
    person = new AbortController();
    onEnd();
  };

  const token: Session["token"] = async (forceRefresh, signal) => {
    const asked = era;
    let found: string | null | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`getToken gave none within ${timeout} ms`)), timeout);
    });
    try {
      found = await unlessAborted(Promise.race([getToken({ forceRefresh }), late]), signal);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new BillingError("token_unavailable", "No access token could be had", { cause });
    } finally {
      clearTimeout(timer);
    }
    const who = found ? subjectOf(found) : undefined;
    if (who !== subject) {
      // A token that was asked for before the last change may be the former person's.
      if (asked !== era) throw userChanged();
      if (subject !== undefined) end();
      subject = who;
      era++;
    }
    if (!found) throw new BillingError("unauthenticated", "Nobody is signed in", { status: 401 });
    return found;
  };

  return { token, end, person: () => person.signal, owns: (held) => subjectOf(held) === subject };
}

/**
 * The person that a token is about. It is not checked here, the API does that: two tokens are only told
 * apart.
 */
function subjectOf(token: string): string {
  try {
    const payload: unknown = JSON.parse(
      atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/")),
    );
    const { sub } = payload as { sub?: unknown };
    if (typeof sub === "string") return sub;
  } catch {
    // No JWT.
  }
  return token;
}
