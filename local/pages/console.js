// The console page: keeps the chosen person's entitlements fresh, starts checkout and the billing portal,
// follows the webhook events. The billing API is asked by the client of billing.js alone, as in any frontend.

import { loadClient, openClient } from "/billing.js";
import { awaitPurchase, isBack, leave, left, settle } from "/comeback.js";
import { $, explain } from "/dom.js";
import { followEvents } from "/events.js";
import { openHeader, renderRaw, renderViewer, showBanner, viewerOptions } from "/frame.js";
import { complain, dismiss, endNotice, notify, say } from "/notice.js";
import { renderPlanCard, renderStop } from "/plan-card.js";
import {
  byRank,
  catalogueOf,
  featureCount,
  findPlan,
  hasBilling,
  offer,
  recommended,
  renderFeatures,
  renderPrices,
} from "/plans.js";

const WATCH_MS = 2000;
const TROUBLE_MS = 4000;
const VIEWER = "promptforge.viewer";

const state = {
  context: null,
  plans: [],
  library: null, // what makes clients
  who: "owner",
  client: null, // the chosen person's
  viewing: null, // aborts when another person is chosen
  interval: "month",
  answer: null, // the entitlements as far as they are known
  problem: null, // why the newest request failed
  full: null, // what the API answered last, for the fold-out
  check: null, // when it said that this still holds
  busy: null, // "portal", or the plan code whose page at Stripe is opening
};

/** What only this page needs: answered by the local stack, not by the API. Null if it cannot be had. */
async function ask(path) {
  try {
    const reply = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
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

/* Entitlements */

const planOf = (code) => findPlan(state.plans, code);

/** Shows the page to another person, who knows nothing of what the one before was told. */
function view(who) {
  state.viewing?.abort();
  const viewing = new AbortController();
  const client = openClient(state.library, state.context.users[who].email, (heard) => {
    if (viewing.signal.aborted) return;
    Object.assign(state, heard);
    renderAnswer();
  });
  const unsubscribe = client.subscribe(state.context.org.id, learn);
  viewing.signal.addEventListener("abort", unsubscribe);
  Object.assign(state, { who, client, viewing, answer: null, problem: null, full: null, check: null });
  renderAnswer();
}

function choose(who) {
  view(who);
  sessionStorage.setItem(VIEWER, who);
  $("plan").setAttribute("aria-busy", "true");
  dismiss();
  watching.cut();
}

/** Called by the client with each change of what is known. */
function learn({ entitlements = null, error = null }) {
  const before = state.answer;
  Object.assign(state, { answer: entitlements, problem: error });
  if (entitlements && !error) endNotice(entitlements);
  if (error?.isOutage) showBanner(error, Boolean(entitlements));
  else $("down").hidden = true;
  const isOn = (answer, flag) => answer.entitlements[flag] === true;
  const fresh =
    before
    && entitlements
    && new Set(state.context.features.filter((flag) => isOn(entitlements, flag) && !isOn(before, flag)));
  render(fresh);
  if (fresh && before.planCode !== entitlements.planCode)
    say(`The plan is now ${planOf(entitlements.planCode).short}. ${fresh.size} features switched on.`);
}

async function watchEntitlements() {
  for (;;) {
    // A failure is what the client tells its subscriber.
    if (!document.hidden)
      await state.client
        .getEntitlements(state.context.org.id, { signal: state.viewing.signal })
        .catch(() => {});
    await watching.pause(state.problem?.isOutage ? TROUBLE_MS : WATCH_MS);
  }
}

/* Drawing */

function renderAnswer() {
  renderViewer(state);
  renderRaw(state);
}

function render(fresh) {
  const { context, plans, answer, interval } = state;
  if (answer || state.problem) document.body.classList.add("ready");
  $("plan").classList.add("settled");
  $("plan").setAttribute("aria-busy", String(!answer && !state.problem));
  renderPlanCard($("plan-body"), state, { openPortal, retry: watching.cut });
  renderFeatures($("features"), {
    features: context.features,
    plans,
    planCode: answer?.planCode,
    entitlements: answer?.entitlements,
    fresh,
  });
  $("features-count").textContent = featureCount(state);
  renderPrices($("prices"), {
    plans,
    interval,
    current: answer?.planCode ?? null,
    best: recommended(plans, answer),
    offer: (plan) => offer(plan, state, { buy, openPortal }),
  });
}

/* Actions */

/**
 * Leaves for the page that `open` answers with, its button busy meanwhile. `known` has the notices for
 * refusals that are no failure.
 */
async function go(name, open, known) {
  if (state.busy) return;
  dismiss();
  state.busy = name;
  render();
  try {
    const { url } = await open();
    if (!/^https?:$/.test(new URL(url, location.href).protocol))
      throw new TypeError("The API answered with no web address");
    location.assign(url);
  } catch (error) {
    state.busy = null;
    render();
    if (known[error.code]) notify({ tone: "info", ...known[error.code](error) });
    else complain(error, () => go(name, open, known));
  }
}

function buy({ planCode }) {
  const { client, context, who, interval, answer } = state;
  const open = async () => {
    const page = await client.startCheckout({ orgId: context.org.id, planCode, interval });
    leave(who, answer);
    return page;
  };
  return go(planCode, open, {
    already_subscribed: (error) => ({
      text: explain(error),
      action: { label: "Manage billing", run: () => openPortal() },
      over: ({ status }) => ["none", "canceled", "incomplete_expired"].includes(status),
    }),
  });
}

/** Opens the portal, or its page for one thing: `flow` says which, `planCode` whose button was pressed. */
function openPortal(flow, planCode) {
  const { client, context } = state;
  const order = { orgId: context.org.id, returnUrl: `${location.origin}/` };
  const open = async () => {
    if (!flow) return client.openPortal(order);
    return client.openPortal({ ...order, flow }).catch((error) => {
      if (error.code !== "flow_unavailable") throw error;
      return client.openPortal(order);
    });
  };
  return go(planCode ?? "portal", open, {
    no_customer: () => ({
      text: "There is no billing account yet. The first checkout opens one.",
      over: hasBilling,
    }),
  });
}

/* Back from checkout */

/** Reads where the browser came back to; shows the page to whom it was shown before. */
function resume() {
  const pending = left();
  const who = pending?.who ?? sessionStorage.getItem(VIEWER);
  view(who in state.context.users ? who : "owner");
  if (isBack()) {
    // What was known before the purchase, so that the change is seen happening.
    if (pending?.answer) state.client.seed(pending.answer);
    awaitPurchase(state, planOf);
    return;
  }
  if (location.pathname === "/billing/canceled")
    notify({
      text: "Checkout was closed. Nothing was charged, and the plan is as before.",
      over: ({ planCode }) => planOf(planCode).rank > 0,
    });
  settle();
}

/* Start */

async function loadContext(library) {
  const visitor = openClient(library, "", () => {});
  for (;;) {
    const asked = [ask("/console/context"), visitor.getPlans().catch(() => null)];
    const [context, plans] = await Promise.all(asked);
    if (context && plans) return { ...context, ...catalogueOf(plans) };
    const problem = { message: "The local stack does not answer" };
    showBanner(problem, false);
    renderStop($("plan-body"), {
      sign: "alert",
      title: "The console could not be loaded",
      text: [explain(problem)],
      action: { label: "Try again", run: watching.cut },
    });
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
  followEvents(() => ask("/console/events"), (news) => {
    say(news);
    watching.cut();
  });
  const library = await loadClient();
  const context = await loadContext(library);
  Object.assign(state, { context, library, plans: byRank(context.plans) });
  $("down").hidden = true;
  document.body.classList.remove("stuck");
  $("client").textContent = `The API is called with ${library.name}.`;
  openHeader(context);
  resume();
  viewerOptions(context.users, state.who, choose);
  $("viewer").disabled = false;
  await watchEntitlements();
}

start();
