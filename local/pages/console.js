// The console page: keeps the chosen user's answer fresh, starts checkout and the billing portal, follows the webhook events.
// What it looks like is in console-view.js.

import {
  byRank, eventKey, eventVerdict, explain, featureCount, findPlan, note, offer, openHeader, renderEvents, renderFeatures, renderNoEvents, renderPlanCard, renderPrices, renderRaw,
  renderStop, showBanner, viewerOptions,
} from "/console-view.js";

const WATCH_MS = 2000;
const CHECKOUT_POLL_MS = 250;
const CHECKOUT_WAIT_MS = 15_000;
const EVENTS_MS = 1000;
const TROUBLE_MS = 4000;
const PENDING = "promptforge.checkout";
const VIEWER = "promptforge.viewer";

const $ = (id) => document.getElementById(id);
const state = {
  context: null,
  plans: [],
  who: "owner",
  interval: "month",
  answer: null, // the chosen user's last good answer
  problem: null, // the last failed reply, when the newest one failed
  etag: null,
  full: null, // the last reply with a body, for the fold-out
  check: null, // the last 304
  busy: null, // "portal", or the plan code whose checkout is opening
  awaiting: null, // a checkout that has returned and is not visible yet: {from, since}
};

/* Signing in */

const SPARE_MS = 60_000; // a token is renewed this long before it ends
const tokens = {}; // by user: a promise of {accessToken, until}

async function signIn(email) {
  const reply = await fetch("/auth/v1/token?grant_type=password", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: "demo" }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!reply.ok) throw new Error("signing in was refused");
  const session = await reply.json();
  return { accessToken: session.access_token, until: session.expires_at * 1000 - SPARE_MS };
}

/** The access token of a demo user; `renew` for one that the API did not take. */
async function accessToken(who, renew = false) {
  const held = renew ? null : await tokens[who]?.catch(() => null);
  if (!held || held.until < Date.now()) tokens[who] = signIn(state.context.users[who].email);
  return (await tokens[who]).accessToken;
}

/* Requests */

async function send(path, { body, etag, signal }, token) {
  const headers = { accept: "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  if (body) headers["content-type"] = "application/json";
  if (etag) headers["if-none-match"] = etag;
  const limit = AbortSignal.timeout(10_000);
  const started = performance.now();
  const reply = await fetch(path, {
    method: body ? "POST" : "GET",
    headers,
    body: body && JSON.stringify(body),
    cache: "no-store",
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  });
  const json = await reply.json().catch(() => null);
  return { status: reply.status, ms: Math.round(performance.now() - started), etag: reply.headers.get("etag"), body: json };
}

/**
 * One request as one user. Never throws: status 0 means that nobody answered.
 * @returns {Promise<{status: number, ms: number, etag: string|null, body: any}>}
 */
async function request(path, options = {}) {
  const who = state.context && options.who;
  try {
    const reply = await send(path, options, who && await accessToken(who));
    return reply.status === 401 && who ? await send(path, options, await accessToken(who, true)) : reply;
  } catch {
    return { status: 0, ms: 0, etag: null, body: null };
  }
}

/** A pause that `cut()` ends early, also when it comes just before the pause. */
function interruptiblePause() {
  let end = null;
  let early = false;
  const pause = (ms) => new Promise((resolve) => {
    const done = () => { clearTimeout(timer); end = null; early = false; resolve(); };
    const timer = setTimeout(done, early ? 0 : ms);
    end = done;
  });
  return { pause, cut: () => { early = true; end?.(); } };
}
const watching = interruptiblePause();
const isOutage = (reply) => reply.status === 0 || reply.status >= 500;

/* Messages */

function say(text) {
  $("announce").textContent = text;
}

function notify(message) {
  const close = () => $("notice").replaceChildren();
  $("notice").replaceChildren(note({ ...message, close: message.waiting ? null : close }));
  say($("notice").querySelector("p").textContent);
}

function complain(reply) {
  notify({ tone: "bad", text: explain(reply) });
}

/* Entitlements */

const entitlementsPath = () => `/api/entitlements?orgId=${encodeURIComponent(state.context.org.id)}`;
const planOf = (code) => findPlan(state.plans, code);

let inFlight = null;

async function refresh() {
  const who = state.who;
  const controller = new AbortController();
  inFlight = controller;
  const reply = await request(entitlementsPath(), { who, etag: state.etag, signal: controller.signal });
  if (controller.signal.aborted) return; // another user was chosen meanwhile
  $("down").hidden = reply.status > 0 && reply.status < 500;
  if (reply.status === 304) {
    state.check = { ms: reply.ms, at: new Date() };
    const recovered = state.problem !== null;
    state.problem = null;
    if (recovered) render();
    else renderAnswer();
    return;
  }
  Object.assign(state, { full: reply, check: null });
  if (reply.status === 200 && reply.body?.entitlements) accept(reply);
  else refuse(reply);
}

function accept(reply) {
  const before = state.answer;
  const after = reply.body;
  Object.assign(state, { answer: after, etag: reply.etag, problem: null });
  const fresh = before && new Set(state.context.features.filter((flag) => after.entitlements[flag] && !before.entitlements[flag]));
  render(fresh);
  if (before && before.planCode !== after.planCode) say(`The plan is now ${planOf(after.planCode).short}. ${fresh.size} features switched on.`);
}

function refuse(reply) {
  state.problem = reply;
  if (isOutage(reply)) showBanner(reply, Boolean(state.answer));
  else Object.assign(state, { answer: null, etag: null });
  render();
}

async function watchEntitlements() {
  for (;;) {
    if (!document.hidden || state.awaiting) {
      await refresh();
      checkAwaiting();
    }
    const calm = state.problem && isOutage(state.problem) ? TROUBLE_MS : WATCH_MS;
    await watching.pause(state.awaiting ? CHECKOUT_POLL_MS : calm);
  }
}

/* Drawing */

function renderAnswer() {
  const { full, check, problem, who } = state;
  const verdict = problem ? (problem.body?.code ?? "no reason given") : who === "member" ? "reads the plan, cannot buy" : "reads the plan, can buy";
  const email = state.context.users[who].email;
  $("viewer-note").textContent = full ? `${email} · ${full.status ? `the API answers ${full.status}: ${verdict}` : "the API does not answer"}` : email;
  renderRaw({ status: $("raw-status"), line: $("raw-line"), body: $("raw-body") }, { path: entitlementsPath(), who, full, check });
}

function render(fresh) {
  const { context, plans, answer, interval } = state;
  $("plan").classList.add("settled");
  $("plan").setAttribute("aria-busy", String(!answer && !state.problem));
  renderPlanCard($("plan-body"), state, { openPortal, retry: watching.cut });
  renderFeatures($("features"), { features: context.features, plans, planCode: answer?.planCode, entitlements: answer?.entitlements, fresh });
  $("features-count").textContent = featureCount(state);
  renderPrices($("prices"), { plans, interval, current: answer?.planCode ?? null, offer: (plan) => offer(plan, state, { buy, openPortal }) });
  renderAnswer();
}

/* Actions */

function choose(who) {
  inFlight?.abort();
  Object.assign(state, { who, answer: null, problem: null, etag: null, full: null, check: null });
  sessionStorage.setItem(VIEWER, who);
  $("plan").setAttribute("aria-busy", "true");
  if (!state.awaiting) $("notice").replaceChildren();
  renderAnswer();
  watching.cut();
}

/** Leaves for a Stripe page, if the address is one a browser should follow. */
function leaveFor(url) {
  if (!/^https?:$/.test(new URL(url, location.href).protocol)) throw new TypeError("not a web address");
  location.assign(url);
}

/** Runs one POST with its button busy; `onFail` may handle a refusal and return true. */
async function go(name, path, body, onFail) {
  if (state.busy) return;
  state.busy = name;
  render();
  const reply = await request(path, { who: state.who, body });
  if (reply.body?.success && reply.body.url) return leaveFor(reply.body.url);
  state.busy = null;
  render();
  if (!onFail(reply)) complain(reply);
}

function buy(plan) {
  const { context, who, interval, answer, etag } = state;
  sessionStorage.setItem(PENDING, JSON.stringify({ orgId: context.org.id, who, planCode: plan.planCode, answer, etag }));
  return go(plan.planCode, "/api/billing/checkout", { orgId: context.org.id, planCode: plan.planCode, interval }, (reply) => {
    sessionStorage.removeItem(PENDING);
    if (reply.body?.code !== "already_subscribed") return false;
    notify({ tone: "info", text: explain(reply), action: { label: "Manage billing", run: openPortal } });
    watching.cut();
    return true;
  });
}

function openPortal() {
  return go("portal", "/api/billing/portal", { orgId: state.context.org.id, returnUrl: `${location.origin}/` }, (reply) => {
    if (reply.body?.code !== "no_customer") return false;
    notify({ tone: "info", text: "There is no billing account yet. The first checkout opens one." });
    return true;
  });
}

/* Back from checkout */

/** Reads where the browser came back to; restores what the page showed before it left. */
function resume() {
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
  const known = pending?.orgId === state.context.org.id && state.context.users[pending.who] ? pending : null;
  const stored = known?.who ?? sessionStorage.getItem(VIEWER);
  if (stored in state.context.users) state.who = stored;
  if (location.pathname === "/billing/success" && new URLSearchParams(location.search).has("session_id")) {
    state.awaiting = { from: known?.answer?.planCode ?? null, since: performance.now() };
    syncOnReturn();
    Object.assign(state, { answer: known?.answer ?? null, etag: known?.etag ?? null });
    if (state.answer) render();
    notify({ waiting: true, tone: "info", text: "Thank you. Waiting for Stripe to confirm the payment…" });
    return;
  }
  sessionStorage.removeItem(PENDING);
  if (location.pathname === "/billing/canceled") notify({ text: "Checkout was closed. Nothing was charged, and the plan is as before." });
  history.replaceState(null, "", "/");
}

function checkAwaiting() {
  const { awaiting, answer } = state;
  if (!awaiting) return;
  const waited = performance.now() - awaiting.since;
  const plan = answer && planOf(answer.planCode);
  if (plan && (awaiting.from === null ? plan.rank > 0 : plan.planCode !== awaiting.from)) {
    settle();
    const ms = Math.round(performance.now());
    notify({ tone: "ok", text: `Welcome to ${plan.name}. Your features were on ${(ms / 1000).toFixed(1)} s after you came back.` });
    $("plan").dataset.unlockedMs = String(ms);
    $("plan").classList.add("cheer");
  } else if (waited >= CHECKOUT_WAIT_MS) {
    settle();
    notify({ tone: "warn", text: "Stripe has not confirmed the payment yet. Nothing is lost: the plan changes here by itself once it does.", action: { label: "Ask Stripe now", run: sync } });
  }
}

/** Has the API ask Stripe at once, so that nobody waits for a webhook; the polling goes on beside it. */
async function syncOnReturn() {
  const { who } = state;
  const reply = await request("/api/billing/sync", { who, body: { orgId: state.context.org.id } });
  if (reply.status !== 200 || state.who !== who || !state.awaiting) return;
  inFlight?.abort(); // it may have been answered before Stripe was asked
  accept(reply);
  checkAwaiting();
}

function settle() {
  state.awaiting = null;
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", "/");
}

async function sync() {
  const reply = await request("/api/billing/sync", { who: state.who, body: { orgId: state.context.org.id } });
  if (reply.status === 200) notify({ text: "Asked Stripe. The page shows what it answered." });
  else complain(reply);
  watching.cut();
}

/* Webhook events */

async function watchEvents() {
  let seen = new Set();
  let shown = null;
  for (;;) {
    const reply = document.hidden ? null : await request("/console/events");
    const events = reply?.body?.events;
    const live = $("events-state");
    if (Array.isArray(events)) {
      live.className = "live is-on";
      live.textContent = "Live";
      const text = JSON.stringify(events);
      if (text !== shown) {
        const sorted = [...events].sort((a, b) => Date.parse(b.receivedAt) - Date.parse(a.receivedAt));
        renderEvents($("events"), sorted, seen);
        if (shown !== null && sorted[0]) {
          say(`Webhook event ${sorted[0].type}: ${eventVerdict(sorted[0])}`);
          watching.cut();
        }
        shown = text;
        seen = new Set(["", ...sorted.map(eventKey)]);
      }
    } else if (reply) {
      live.className = "live is-off";
      live.textContent = "Offline";
      if (shown === null) renderNoEvents($("events"));
    }
    await new Promise((resolve) => setTimeout(resolve, Array.isArray(events) || !reply ? EVENTS_MS : TROUBLE_MS));
  }
}

/* Start */

async function loadContext() {
  for (;;) {
    const reply = await request("/console/context");
    if (reply.status === 200 && reply.body?.org) return reply.body;
    showBanner(reply, false);
    renderStop($("plan-body"), { sign: "alert", title: "The console could not be loaded", text: [explain(reply)], action: { label: "Try again", run: watching.cut } });
    document.body.classList.add("stuck");
    await watching.pause(TROUBLE_MS);
  }
}

async function start() {
  $("retry").addEventListener("click", () => {
    $("retry").textContent = "Trying…";
    setTimeout(() => { $("retry").textContent = "Try again"; }, 600);
    watching.cut();
  });
  document.addEventListener("visibilitychange", watching.cut);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // back from Stripe by the Back button: what is shown is old
  });
  $("cycle").addEventListener("change", (event) => {
    state.interval = event.target.value;
    if (state.context) render();
  });
  watchEvents();
  state.context = await loadContext();
  state.plans = byRank(state.context.plans);
  $("down").hidden = true;
  document.body.classList.remove("stuck");
  openHeader(state.context);
  resume();
  viewerOptions($("viewer-options"), state.context.users, state.who, choose);
  $("viewer").disabled = false;
  await watchEntitlements();
}

start();
