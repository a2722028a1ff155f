// The billing client that the page works with, signed in as one of the demo's people.

const ENTITLEMENTS = "/api/entitlements";

/** The package where it is built, else what stands in for it; and how to call it. */
export async function loadClient() {
  try {
    return { ...await import("/client/index.js"), name: "the package @promptforge/billing" };
  } catch {
    return {
      ...(await import("/stand-in.js")),
      name: "a stand-in for the package; npm run build in client/ makes it",
    };
  }
}

/**
 * A client for the person with this address. `tell` hears what the API answers about the entitlements, as the
 * fold-out shows it.
 */
export function openClient({ createBillingClient }, email, tell) {
  let token = null;
  const getToken = ({ forceRefresh }) => {
    if (forceRefresh || !token) {
      token = signIn(email);
      token.catch(() => { token = null; });
    }
    return token;
  };
  return createBillingClient({ baseUrl: "", getToken, fetch: overheard(tell) });
}

async function signIn(email) {
  const reply = await fetch("/auth/v1/token?grant_type=password", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: "demo" }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!reply.ok) throw new Error("signing in was refused");
  return (await reply.json()).access_token;
}

/**
 * A fetch that tells of each answer: `full`, the last one that is in force (status 0: nobody answered), and
 * `check`, which found it unchanged.
 */
function overheard(tell) {
  let good = null;
  return async (path, init) => {
    if (!path.startsWith(ENTITLEMENTS)) return fetch(path, init);
    const started = performance.now();
    const since = () => Math.round(performance.now() - started);
    try {
      const reply = await fetch(path, init);
      if (reply.status === 304) {
        tell({ full: good, check: { ms: since(), at: new Date() } });
        return reply;
      }
      const body = await reply.clone().json().catch(() => null);
      const full = { path, status: reply.status, body, ms: since(), etag: reply.headers.get("etag") };
      if (reply.ok) good = full;
      tell({ full, check: null });
      return reply;
    } catch (error) {
      tell({ full: { path, status: 0, body: null, ms: since(), etag: null }, check: null });
      throw error;
    }
  };
}
