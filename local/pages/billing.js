// The billing client that the page works with, signed in as one of the demo's people.

const ENTITLEMENTS = "/api/entitlements";

/** The package where it is built, else what stands in for it; and how to call it. */
export async function loadClient() {
  try {
    return { ...await import("/client/index.js"), name: "the package @promptforge/billing" };
  } catch {
    return { ...await import("/stand-in.js"), name: "a stand-in for the package; npm run build in client/ makes it" };
  }
}

/** A client for the person with this address. `tell` hears each answer about the entitlements as it came; status 0: nobody answered. */
export function openClient({ createBillingClient }, email, tell) {
  let token = null;
  const getToken = ({ forceRefresh }) => {
    if (forceRefresh || !token) token = signIn(email);
    token.catch(() => { token = null; });
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

const overheard = (tell) => async (path, init) => {
  if (!path.startsWith(ENTITLEMENTS)) return fetch(path, init);
  const started = performance.now();
  const since = () => Math.round(performance.now() - started);
  try {
    const reply = await fetch(path, init);
    const { status } = reply;
    const body = await reply.clone().json().catch(() => null);
    tell({ path, status, body, ms: since(), etag: reply.headers.get("etag") });
    return reply;
  } catch (error) {
    tell({ path, status: 0, body: null, ms: since(), etag: null });
    throw error;
  }
};
