// The client: what an organization may do, kept for one person and shared by all who ask.

import { judge, type Check, type OnError } from "./check.js";
import { BillingError, userChanged } from "./errors.js";
import { takeOff, type Flight } from "./flight.js";
import { createSend } from "./request.js";
import { createSession, type GetToken } from "./session.js";
import { accept, forget, isResting, newEntry, refuse, type Entry } from "./store.js";
import { pollAfterCheckout, type SyncOptions } from "./sync.js";
import type {
  Checkout,
  CheckoutOrder,
  Entitlements,
  EntitlementsState,
  Feature,
  Plan,
  Portal,
  PortalOrder,
} from "./types.js";

/** How a client is made. */
export interface BillingClientOptions {
  /**
   * Where the API is, such as `https://api.example.com`. `""` for the page's own origin, `/billing` for a
   * path there.
   */
  readonly baseUrl: string;
  /** Gives the signed-in person's access token. Asked before every request. */
  readonly getToken: GetToken;
  /** Used instead of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /**
   * How long the last answer may stand in while the API cannot be had, in milliseconds. Default 3,600,000 (an
   * hour); 0: never.
   */
  readonly staleFor?: number | undefined;
  /**
   * How long a read may take, in milliseconds, and `getToken` before it. Default 10,000. What asks Stripe
   * (checkout, portal, sync) may take three times as long.
   */
  readonly timeout?: number | undefined;
  /** Whether gates open in an outage. Default `"closed"`. What the API refuses (401, 403) never opens one. */
  readonly onError?: OnError | undefined;
}

/** Options of any call. */
export interface CallOptions {
  /** Ends the wait. The call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a read. */
export interface ReadOptions extends CallOptions {
  /**
   * True: neither a request under way nor what the API may remember for two seconds is good enough, as after
   * a change that both may have missed.
   */
  readonly afresh?: boolean | undefined;
}

/** Which plans. */
export interface PlansOptions extends CallOptions {
  /** Says of each plan what this organization may do with it. Without one nobody needs to be signed in. */
  readonly orgId?: string | undefined;
}

/** Options of a check. */
export interface CheckOptions extends CallOptions {
  /** Other than the client's. */
  readonly onError?: OnError | undefined;
}

/** Asks the billing API for one person at a time. */
export interface BillingClient {
  /** Whether gates open in an outage. */
  readonly onError: OnError;
  /**
   * Asks what an organization may do. Those who ask at the same time share one request; an unchanged answer
   * costs a 304 and is the same object. In an outage it is the last answer with `stale: true`.
   *
   * @throws BillingError
   */
  getEntitlements(orgId: string, options?: ReadOptions): Promise<Entitlements>;
  /**
   * Asks whether an organization has a flag. Does not throw, except the reason of an aborted signal: no
   * answer is a no.
   */
  hasEntitlement(orgId: string, feature: Feature, options?: CheckOptions): Promise<boolean>;
  /**
   * Asks the same, and tells "not in the plan", "no answer" and "refused" apart. Throws no more than
   * `hasEntitlement`.
   */
  checkEntitlement(orgId: string, feature: Feature, options?: CheckOptions): Promise<Check>;
  /**
   * Asks what is sold, and at which prices.
   *
   * @throws BillingError
   */
  getPlans(options?: PlansOptions): Promise<readonly Plan[]>;
  /**
   * Opens a checkout. Send the person to the answer's `url`.
   *
   * @throws BillingError with `already_subscribed` if the organization pays: its plan is changed in the
   *   portal, at the error's `portalUrl` or with `openPortal`.
   */
  startCheckout(order: CheckoutOrder, options?: CallOptions): Promise<Checkout>;
  /**
   * Opens the page where the subscription is managed. Send the person to the answer's `url`.
   *
   * @throws BillingError with `no_customer` before the first checkout.
   */
  openPortal(order: PortalOrder, options?: CallOptions): Promise<Portal>;
  /**
   * For the page that Stripe leads back to: has the API ask Stripe, then asks the API until the purchase
   * shows or the time is up. Resolves with what is known then.
   *
   * @throws BillingError if the API refuses, or could not be had all the time.
   */
  syncAfterCheckout(orgId: string, options?: SyncOptions): Promise<Entitlements>;
  /** What is known now, without asking. Undefined: nobody has asked. */
  getState(orgId: string): EntitlementsState | undefined;
  /**
   * Calls the listener with each change of what is known, until the function that it returns is called. Does
   * not ask by itself. What the listener throws becomes an uncaught error, and stops nothing here.
   */
  subscribe(orgId: string, listener: (state: EntitlementsState) => void): () => void;
  /**
   * Begins with an answer that was had elsewhere, as by the server that rendered the page. An answer of its
   * own stays.
   */
  seed(entitlements: Entitlements): void;
  /**
   * Forgets everything: call it when somebody signs in or out. Calls under way reject with `user_changed`.
   */
  clear(): void;
}

/**
 * Makes a client. One for the whole page is enough, for any number of organizations. On a server use
 * `createServerBilling`.
 */
export function createBillingClient(options: BillingClientOptions): BillingClient {
  const { staleFor = 3_600_000, timeout = 10_000, onError = "closed" } = options;
  const entries = new Map<string, Entry>();
  const flights = new Map<string, Flight<Entitlements>>();

  const session = createSession(options.getToken, timeout, () => {
    for (const flight of flights.values()) flight.abort(userChanged());
    flights.clear();
    for (const entry of entries.values()) forget(entry);
  });
  // Looked up at each call: who replaces the global fetch later, as tests and tracing do, is heard.
  const send = createSend(
    options.baseUrl,
    options.fetch ?? ((...call) => globalThis.fetch(...call)),
    timeout,
    session,
  );

  const entryOf = (orgId: string): Entry => {
    const entry = entries.get(orgId) ?? newEntry();
    entries.set(orgId, entry);
    return entry;
  };

  const ask = (orgId: string, entry: Entry, token: string, afresh?: boolean): Flight<Entitlements> => {
    const question = ++entry.asked;
    const { value } = entry;
    // Who names another tag is not answered from what the API remembers.
    const etag = [...(afresh ? ['"afresh"'] : []), ...(entry.etag ? [entry.etag] : [])].join(", ");
    const flight = takeOff(async (signal) => {
      try {
        const reply = await send(`/api/entitlements?orgId=${encodeURIComponent(orgId)}`, {
          token,
          etag,
          signal,
        });
        return accept(
          entry,
          question,
          reply.status === 304 && value ? value : answerIn(reply.body, orgId),
          reply.etag,
        );
      } catch (error) {
        return refuse(entry, question, error, staleFor);
      } finally {
        if (flights.get(orgId) === flight) flights.delete(orgId);
      }
    });
    flights.set(orgId, flight);
    return flight;
  };

  const getEntitlements: BillingClient["getEntitlements"] = async (orgId, { signal, afresh } = {}) => {
    const entry = entryOf(orgId);
    let token: string;
    try {
      // Before joining a request, so that nobody gets the answer to a former person's.
      token = await session.token(false, signal);
    } catch (error) {
      return refuse(entry, ++entry.asked, error, staleFor);
    }
    if (!session.owns(token)) throw userChanged();
    const { error } = entry.state ?? {};
    if (error && isResting(entry)) return refuse(entry, ++entry.asked, error, staleFor);
    const underWay = flights.get(orgId);
    return (underWay && !afresh && !underWay.isOver() ? underWay : ask(orgId, entry, token, afresh)).join(
      signal,
    );
  };

  const sync = async (orgId: string, signal: AbortSignal): Promise<Entitlements> => {
    const entry = entryOf(orgId);
    try {
      const { body, etag } = await send("/api/billing/sync", { body: { orgId }, signal });
      // Counted now: it was read after everything that is still under way.
      return accept(entry, ++entry.asked, answerIn(body, orgId), etag);
    } catch (error) {
      // Stripe's outage is not the API's and changes nothing; a refusal is the same here as there.
      if (error instanceof BillingError && !error.isOutage) refuse(entry, ++entry.asked, error, 0);
      throw error;
    }
  };

  const checkEntitlement: BillingClient["checkEntitlement"] = async (
    orgId,
    feature,
    { signal, onError: wanted = onError } = {},
  ) => {
    try {
      return judge(feature, { entitlements: await getEntitlements(orgId, { signal }) }, wanted);
    } catch (error) {
      if (!(error instanceof BillingError)) throw error;
      return judge(feature, { error }, wanted);
    }
  };

  const open = async <T extends { readonly url: string }>(
    path: string,
    order: unknown,
    call: CallOptions = {},
  ): Promise<T> => {
    const { success: _, ...page } = (await send(path, { body: order, signal: call.signal })).body;
    if (typeof page["url"] !== "string") throw unexpected();
    return page as unknown as T;
  };

  return {
    onError,
    getEntitlements,
    hasEntitlement: async (...check) => (await checkEntitlement(...check)).enabled,
    checkEntitlement,
    getPlans: async ({ orgId, signal } = {}) => {
      const query = orgId ? `?orgId=${encodeURIComponent(orgId)}` : "";
      const { plans } = (await send(`/api/billing/plans${query}`, { signal, open: !orgId })).body;
      if (!Array.isArray(plans) || !plans.every(isPlan)) throw unexpected();
      return plans as Plan[];
    },
    startCheckout: (order, call) => open("/api/billing/checkout", order, call),
    openPortal: (order, call) => open("/api/billing/portal", order, call),
    syncAfterCheckout: (orgId, wanted) =>
      pollAfterCheckout(
        (signal) => sync(orgId, signal),
        (signal) => getEntitlements(orgId, { signal, afresh: true }),
        { before: entries.get(orgId)?.value, ...wanted },
      ),
    getState: (orgId) => entries.get(orgId)?.state,
    subscribe: (orgId, listener) => {
      const { listeners } = entryOf(orgId);
      // Wrapped, so that a function that is subscribed twice is called twice and ends once.
      const call = (state: EntitlementsState): void => listener(state);
      listeners.add(call);
      return () => void listeners.delete(call);
    },
    seed: (entitlements) => {
      const entry = entryOf(entitlements.orgId);
      if (!entry.state && !entitlements.stale) accept(entry, ++entry.asked, entitlements, undefined);
    },
    clear: () => session.end(),
  };
}

/** The API's own answer about an organization, read from its body. */
function answerIn(body: Readonly<Record<string, unknown>>, orgId: string): Entitlements {
  const { success: _, ...answer } = body;
  if (typeof answer["entitlements"] !== "object" || !answer["entitlements"]) throw unexpected();
  // Another organization's must never open anything here. The API writes ids in lower case.
  if (String(answer["orgId"]).toLowerCase() !== orgId.toLowerCase()) throw unexpected();
  return { ...answer, stale: false } as Entitlements;
}

const isPlan = (plan: unknown): boolean =>
  typeof plan === "object" && plan !== null && Array.isArray((plan as Partial<Plan>).prices);

const unexpected = (): BillingError =>
  new BillingError("unexpected_response", "The answer is not one of the billing API");
