// The running stack as a script sees it: the API as its people, and the emulator's control.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

export const descriptor = JSON.parse(readFileSync(process.env.DESCRIPTOR, "utf8"));
const { baseUrl, stripeApiBase, stripeSecretKey, orgId, users } = descriptor;

export const consoleUrl = `${baseUrl}/`;
export const panelUrl = `${stripeApiBase}/panel`;

async function json(url, { body, headers, type = "application/json" } = {}) {
  const encoded = type === "application/json" ? JSON.stringify(body) : new URLSearchParams(body);
  const init = body && { method: "POST", body: encoded };
  const reply = await fetch(url, { ...init, headers: { "content-type": type, ...headers } });
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}: ${await reply.text()}`);
  return reply.json();
}

const api = (path, body) =>
  json(`${baseUrl}${path}`, { body, headers: { authorization: `Bearer ${users.owner.accessToken}` } });

export const emulator = (path, body) => json(`${stripeApiBase}/_emulator/${path}`, { body });
/** Stripe's own API; `form` in its notation, `items[0][price]`. */
export const stripe = (path, form) =>
  json(`${stripeApiBase}/v1/${path}`, {
    body: form,
    type: "application/x-www-form-urlencoded",
    headers: { authorization: `Bearer ${stripeSecretKey}` },
  });
export const entitlements = () => api(`/api/entitlements?orgId=${orgId}`);
export const openCheckout = async (planCode) =>
  (await api("/api/billing/checkout", { orgId, planCode, interval: "month" })).url;
export const openPortal = async () => (await api("/api/billing/portal", { orgId })).url;

export const prices = async () => (await stripe("prices?limit=100")).data;

/** Changes what the portal offers. */
export async function configurePortal(form) {
  const { data: [{ id }] } = await stripe("billing_portal/configurations?is_default=true");
  return stripe(`billing_portal/configurations/${id}`, form);
}

/** Asks until `holds` is true of the answer; the product's promise is five seconds. */
export async function until(ask, holds) {
  const end = performance.now() + 5000;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > end) throw new Error(`after 5 s still ${JSON.stringify(answer)}`);
  }
}

const ENDED = ["canceled", "incomplete_expired"];

export async function liveSubscriptions() {
  const { subscriptions } = await emulator("state");
  return subscriptions.filter(({ status }) => !ENDED.includes(status));
}

/** Ends what the organization has bought. */
export async function beginAnew() {
  for (const { id } of await liveSubscriptions()) await emulator("portal/cancel_now", { subscription: id });
  // One that grants nothing any more still binds until it has ended.
  const isOver = ({ planCode, status }) => planCode === "pilot" && ["none", ...ENDED].includes(status);
  await until(entitlements, isOver);
}

/** Buys a plan without a browser; the subscription's id. */
export async function bought(planCode) {
  await beginAnew();
  const url = await openCheckout(planCode);
  const session = await emulator(`checkout/${url.split("/").pop()}/pay`, {});
  await until(entitlements, (answer) => answer.planCode === planCode);
  return session.subscription;
}

/** The panel of an emulator in which nothing has happened. */
export async function emptyPanel() {
  const child = spawn(`${process.env.PROGRAMS}/stripe-emulator`, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  return { url: `${JSON.parse(line).url}/panel`, close: () => child.stdin.end() };
}
