// Stands in for the package @promptforge/billing where that is not built, as in a checkout without Node: as
// much of its interface as this page uses, for one person and one organization. Limits of time, Retry-After
// and the rest are the package's.

const WAIT_MS = 15_000;
const PAUSE_MS = 500;

class BillingError extends Error {
  constructor(code, message, { status = 0, requestId } = {}) {
    super(message);
    Object.assign(this, { code, status, requestId });
  }

  get isOutage() {
    return this.status < 400 || this.status === 429 || this.status >= 500;
  }
}

export function createBillingClient({ getToken, fetch }) {
  const listeners = new Set();
  let state = {};
  let last = null;
  let etag = null;
  let kept = 0; // counts answers: a read that was under way when another one came is too late

  function show(next) {
    if (next.entitlements === state.entitlements && next.error === state.error) return;
    state = next;
    for (const listener of listeners) listener(state);
  }

  function keep({ success: _, ...answer }, tag) {
    kept++;
    last = { ...answer, stale: false };
    etag = tag;
    show({ entitlements: last });
    return last;
  }

  async function once(path, { body, etag, signal }, forceRefresh) {
    const token = await getToken({ forceRefresh }).catch(() => {
      throw new BillingError("token_unavailable", "No access token could be had");
    });
    const headers = { accept: "application/json", authorization: `Bearer ${token}` };
    if (body) headers["content-type"] = "application/json";
    if (etag) headers["if-none-match"] = etag;
    const init = {
      method: body ? "POST" : "GET",
      headers,
      body: body && JSON.stringify(body),
      cache: "no-store",
      signal,
    };
    const reply = await fetch(path, init).catch(() => {
      signal?.throwIfAborted();
      throw new BillingError("network", "The billing API cannot be reached");
    });
    const answer = await reply.json().catch(() => ({}));
    if (reply.status === 304 || answer.success)
      return { status: reply.status, etag: reply.headers.get("etag"), answer };
    const {
      code = "unexpected_response",
      error = `The billing API answered ${reply.status}`,
      requestId,
    } = answer;
    throw new BillingError(code, error, { status: reply.status, requestId });
  }

  const send = (path, exchange) => once(path, exchange, false).catch((error) => {
    if (error.status !== 401) throw error;
    return once(path, exchange, true);
  });

  async function getEntitlements(orgId, { signal } = {}) {
    const begun = kept;
    try {
      const reply = await send(`/api/entitlements?orgId=${encodeURIComponent(orgId)}`, { etag, signal });
      if (begun !== kept) return last;
      if (reply.status !== 304) return keep(reply.answer, reply.etag);
      show({ entitlements: last });
      return last;
    } catch (error) {
      signal?.throwIfAborted();
      if (!error.isOutage) last = etag = null;
      const entitlements = last && { ...last, stale: true };
      show({ entitlements, error });
      if (!entitlements) throw error;
      return entitlements;
    }
  }

  async function sync(orgId, { signal }) {
    const { answer, etag } = await send("/api/billing/sync", { body: { orgId }, signal });
    return keep(answer, etag);
  }

  async function syncAfterCheckout(orgId, { signal } = {}) {
    const end = performance.now() + WAIT_MS;
    for (let ask = sync; ; ask = getEntitlements) {
      let problem;
      const now = await ask(orgId, { signal }).catch((error) => { problem = error; });
      if (problem && !problem.isOutage) throw problem;
      if (now && now.planCode !== "pilot") return now;
      if (performance.now() > end) return now ?? Promise.reject(problem);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async function getPlans({ signal } = {}) {
    const reply = await fetch("/api/billing/plans", { headers: { accept: "application/json" }, signal });
    const { plans } = await reply.json();
    if (!plans) throw new BillingError("unexpected_response", "The plans could not be read");
    return plans;
  }

  return {
    getEntitlements,
    getPlans,
    syncAfterCheckout,
    startCheckout: async (order) => (await send("/api/billing/checkout", { body: order })).answer,
    openPortal: async (order) => (await send("/api/billing/portal", { body: order })).answer,
    subscribe: (_orgId, listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    seed: (entitlements) => keep(entitlements, null),
  };
}
