// What the console page looks like: DOM builders that turn data into elements. No fetching and no state here.
// Text from the API only ever becomes a text node.

const SVG = "http://www.w3.org/2000/svg";

const FEATURE_NAMES = {
  canUseAllModules: "All prompt modules",
  canExportMD: "Markdown export",
  canExportPDF: "PDF export",
  canExportJSON: "JSON export",
  canUseGptTestReal: "Live GPT tests",
  hasCloudHistory: "Cloud history",
  hasEvaluatorAI: "AI evaluator",
  hasAPI: "API access",
  canExportBundleZip: "ZIP export",
  hasWhiteLabel: "White label",
  hasSeatsGT1: "Team seats",
};

const STATUS = {
  active: ["Active", "ok"],
  trialing: ["Trial", "info"],
  past_due: ["Payment failed", "warn"],
  incomplete: ["Payment incomplete", "warn"],
  incomplete_expired: ["Checkout expired", ""],
  unpaid: ["Unpaid", "bad"],
  paused: ["Paused", "warn"],
  canceled: ["Canceled", ""],
  none: ["No subscription", ""],
};

/** From who may do most to who may do nothing. */
const ROLES = ["owner", "admin", "member", "outsider"];

const OUTCOME_TONE = { applied: "ok", duplicate: "info", stale: "", ignored: "", failed: "bad", processing: "warn" };

/**
 * Builds an element. `props` are properties, or attributes where the name has a dash or is `role`; null skips one.
 * @param {string} tag
 * @param {Record<string, unknown>} [props]
 * @param {...(Node | string | null | false | undefined)} children
 */
function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name.includes("-") || name === "role") node.setAttribute(name, String(value));
    else node[name] = value;
  }
  node.append(...children.filter((child) => child || child === 0));
  return node;
}

function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

const pill = (text, tone) => el("span", { className: tone ? `pill pill-${tone}` : "pill" }, text);
const words = (code) => String(code).replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());
const isStranger = (reply) => reply?.body?.code === "not_a_member";
const shortName = (plan) => plan.name.replace(/^PromptForge\s+/, "");
const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
const dayFormat = new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric" });
const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function day(iso) {
  const date = new Date(iso ?? NaN);
  return Number.isNaN(date.getTime()) ? "a date not known yet" : el("time", { dateTime: iso }, dayFormat.format(date));
}

function money(cents, currency) {
  const code = (currency || "usd").toUpperCase();
  const digits = new Intl.NumberFormat("en-US", { style: "currency", currency: code }).resolvedOptions().maximumFractionDigits;
  const whole = cents % 10 ** digits === 0;
  const format = new Intl.NumberFormat("en-US", { style: "currency", currency: code, minimumFractionDigits: whole ? 0 : digits });
  return format.format(cents / 10 ** digits);
}

/** Replaces the content and keeps the keyboard focus on the element with the same `data-key`. */
function swap(container, ...nodes) {
  const key = container.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  container.replaceChildren(...nodes);
  if (key) container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** A coloured message line; `action` is `{label, run}`, `close` removes it. */
export function note({ tone = "", text, action, close, waiting }) {
  const sign = waiting ? el("span", { className: "waiting" }) : icon(tone === "warn" || tone === "bad" ? "alert" : tone === "ok" ? "tick" : "info");
  return el("div", { className: tone ? `note note-${tone}` : "note" },
    sign,
    el("p", {}, ...[text].flat()),
    action && el("button", { type: "button", className: "btn btn-quiet", onclick: action.run }, action.label),
    close && el("button", { type: "button", className: "note-x", "aria-label": "Dismiss", onclick: close }, icon("close")));
}

/** Plans by rank, and what each adds to the one below it. */
export function byRank(plans) {
  const sorted = [...plans].sort((a, b) => a.rank - b.rank);
  return sorted.map((plan, at) => ({
    ...plan,
    short: shortName(plan),
    below: sorted[at - 1] ? shortName(sorted[at - 1]) : null,
    gains: plan.features.filter((flag) => !sorted[at - 1]?.features.includes(flag)),
  }));
}

export const findPlan = (plans, code) => plans.find((plan) => plan.planCode === code)
  ?? { planCode: code, name: words(code), short: words(code), rank: 0, features: [] };

/** The sentence for a request that failed. */
export function explain(reply) {
  if (reply.status === 0) return "The API does not answer. Nothing was changed; try again in a moment.";
  const text = sentence(reply.body?.error ?? "The API answered without a reason");
  return `${text} (${reply.body?.code ?? `HTTP ${reply.status}`})`;
}

/** The banner over the page while the API is away; unchanged text is left alone so that it is announced once. */
export function showBanner(reply, hasAnswer) {
  const set = (id, text) => {
    const node = document.getElementById(id);
    if (node.textContent !== text) node.textContent = text;
  };
  set("down-title", reply.body?.code ? sentence(reply.body.error) : "The API does not answer.");
  set("down-why", hasAnswer ? "What you see is its last answer. Trying again by itself." : "Trying again by itself.");
  document.getElementById("down").hidden = false;
}

export function openHeader({ stripe }) {
  const mode = document.getElementById("mode");
  const link = document.getElementById("panel-link");
  mode.textContent = stripe.mode === "emulator" ? "Demo: no real money moves" : "Stripe test mode";
  mode.hidden = false;
  if (!/^https?:\/\//.test(stripe.panelUrl ?? "")) return;
  link.href = stripe.panelUrl;
  link.hidden = false;
}

export function viewerOptions(container, users, chosen, onChange) {
  const known = ROLES.filter((role) => role in users);
  const others = Object.keys(users).filter((role) => !ROLES.includes(role));
  const options = [...known, ...others].map((role) => el("label", {},
    el("input", { type: "radio", name: "viewer", value: role, checked: role === chosen, onchange: () => onChange(role) }),
    el("span", {}, words(role))));
  container.replaceChildren(...options);
}

/** @returns {Node[]} the lines that explain a subscription's trouble or end, to whoever `manages` it or not */
function warnings(answer, plan, manages) {
  const paid = plan.rank > 0;
  const remedy = (text) => (manages ? text : "An owner or admin can see to it.");
  const lines = [];
  const add = (tone, ...text) => lines.push(note({ tone, text }));
  if (answer.status === "past_due" && paid) {
    const until = answer.graceEndsAt ? [", access until ", day(answer.graceEndsAt)] : [`. ${plan.short} stays on during the grace period`];
    add("warn", "Payment failed", ...until, ". ", remedy("Pay the open invoice in Manage billing to keep it."));
  } else if (answer.status === "past_due") {
    add("bad", "Payment failed, and the grace period is over. Paid features come back as soon as the invoice is paid.");
  }
  if (answer.status === "unpaid") add("bad", "The last invoices were not paid, so paid features are off. ", remedy("Settle them in Manage billing."));
  if (answer.status === "incomplete") add("warn", "The first payment is not complete yet. Paid features start when it is.");
  if (answer.status === "paused") add("warn", "The subscription is paused. ", remedy("Resume it in Manage billing."));
  if (answer.status === "trialing" && !answer.cancelAt) add("info", "Trial: every feature of the plan is on. The first payment is due on ", day(answer.currentPeriodEnd), ".");
  if (answer.cancelAt && paid) add("warn", `${plan.short} ends on `, day(answer.cancelAt), ". Until then nothing changes. ", remedy("It can be resumed in Manage billing."));
  return lines;
}

function renewal(answer, paid) {
  if (answer.cancelAt && paid) return ["Ends on", day(answer.cancelAt)];
  if (answer.status === "past_due" && paid) return ["Access until", answer.graceEndsAt ? day(answer.graceEndsAt) : "End of grace period"];
  if (answer.status === "past_due" || answer.status === "unpaid") return ["Renewal", "Payment overdue"];
  if (!paid || !answer.currentPeriodEnd) return ["Renewal", "Nothing to renew"];
  return [answer.status === "trialing" ? "Trial ends on" : "Renews on", day(answer.currentPeriodEnd)];
}

/**
 * The plan card for a member. `portal` is `{run, busy, why}`; `why` stands in the button's place and says the reason.
 * `answer.graceEndsAt` is used where the API sends it.
 */
function renderPlan(container, { org, answer, plan, portal }) {
  const [label, tone] = STATUS[answer.status] ?? [words(answer.status), ""];
  const [when, date] = renewal(answer, plan.rank > 0);
  const fact = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));
  swap(container,
    el("div", { className: "plan-top" },
      el("div", {},
        el("h2", { className: "org" }, org.name),
        el("p", { className: "badges" },
          pill(plan.name, "plan"),
          pill(label, tone),
          answer.cancelAt && plan.rank > 0 && el("span", { className: "pill pill-warn" }, "Ends on ", day(answer.cancelAt)))),
      portal.why
        ? el("p", { className: "hint" }, portal.why)
        : el("button", { type: "button", className: "btn", "data-key": "portal", "aria-busy": portal.busy, onclick: portal.run },
          portal.busy ? "Opening billing…" : "Manage billing")),
    ...warnings(answer, plan, !portal.why),
    el("dl", { className: "facts" },
      fact("Seats", answer.seats === 1 ? "1 seat" : `${answer.seats} seats`),
      fact(when, date)));
}

/** The plan card for whatever the API answered: a plan, a stranger's refusal, or an error. Still loading leaves it as it is. */
export function renderPlanCard(container, { answer, problem, context, plans, busy, who }, { openPortal, retry }) {
  if (answer) {
    const portal = { run: openPortal, busy: busy === "portal", why: who === "member" ? "Only an owner or admin can manage billing." : null };
    renderPlan(container, { org: context.org, answer, plan: findPlan(plans, answer.planCode), portal });
  } else if (isStranger(problem)) {
    renderStop(container, { sign: "lock", title: `Not a member of ${context.org.name}`, text: [
      "This user does not belong to the organization, so the API tells nothing about it: no plan, no seats, no features.",
      "An organization that does not exist gets the very same answer.",
    ] });
  } else if (problem) {
    const id = problem.body?.requestId;
    renderStop(container, { sign: "alert", title: "The plan could not be read", text: [explain(problem), ...(id ? [`Request ${id}`] : [])], action: { label: "Try again", run: retry } });
  }
}

/** Fills the plan card when there is no plan to show: not a member, or an error. */
export function renderStop(container, { sign, title, text, action }) {
  swap(container, el("div", { className: "stop" },
    icon(sign),
    el("h2", {}, title),
    ...text.map((line) => el("p", {}, line)),
    action && el("button", { type: "button", className: "btn", "data-key": "stop", onclick: action.run }, action.label)));
}

export function featureCount({ answer, problem, context }) {
  if (!answer && !problem) return "Loading…";
  if (!answer) return isStranger(problem) ? "Not shown to this user" : "Not known";
  return `${context.features.filter((flag) => answer.entitlements[flag] === true).length} of ${context.features.length} on`;
}

/** The feature grid. Rows stay in place between calls, so that a change can be seen happening; `fresh` flags are animated. */
export function renderFeatures(container, { features, plans, planCode, entitlements, fresh }) {
  const bought = plans.find((plan) => plan.planCode === planCode);
  let turn = 0;
  for (const [at, flag] of features.entries()) {
    let row = container.querySelector(`[data-flag="${CSS.escape(flag)}"]`);
    if (!row) {
      row = el("li", { className: "feature", "data-flag": flag },
        el("span", { className: "tile" }),
        el("span", { className: "words" }, el("span", { className: "name" }, FEATURE_NAMES[flag] ?? words(flag)), el("code", {}, flag)),
        el("span", { className: "tag" }));
      if (at === 0) container.replaceChildren();
      container.append(row);
    }
    const on = entitlements?.[flag] === true;
    const planned = bought?.features.includes(flag);
    const cheapest = plans.find((plan) => plan.features.includes(flag))?.short ?? "";
    row.className = on ? "feature on" : "feature";
    row.querySelector(".tile").replaceChildren(
      icon(!entitlements ? "dash" : on ? "tick" : "lock"),
      el("span", { className: "sr" }, !entitlements ? "Not known: " : on ? "On: " : "Locked: "));
    row.querySelector(".tag").textContent = !entitlements || (on && planned) ? "" : on ? "Extra" : planned ? "Switched off" : cheapest;
    if (fresh?.has(flag)) {
      row.style.setProperty("--i", String(turn++));
      void row.offsetWidth; // restarts the animation
      row.classList.add("fresh");
    }
  }
}

/** Whether the chosen user is one who never buys: no button is shown then. */
const mayNotBuy = ({ answer, problem, who }) => who === "member" || (!answer && isStranger(problem));

/** The reason why nothing can be bought right now, or null. */
function whyNot({ answer, problem }) {
  if (answer) return null;
  return problem ? "Not available right now." : "Loading…";
}

/** What a pricing card's button says and does for the chosen user. */
export function offer(plan, state, { buy, openPortal }) {
  const { answer, interval, busy, plans } = state;
  const why = whyNot(state);
  const current = answer && findPlan(plans, answer.planCode);
  if (mayNotBuy(state)) return {};
  if (current?.planCode === plan.planCode) return { label: "Your plan" };
  if (busy === plan.planCode) return { label: "Opening checkout…", main: true, busy: true, run: () => {} };
  if (current?.rank === 0 && ["past_due", "unpaid", "paused"].includes(answer.status)) {
    return { label: "Settle in billing", why: why ?? (answer.status === "paused" ? "Resume the paused subscription first." : "Pay the open invoice first."), run: why ? undefined : openPortal };
  }
  if (current?.rank > 0) {
    return { label: `Switch to ${plan.short}`, why: why ?? "Plan changes happen in Manage billing.", run: why ? undefined : openPortal };
  }
  if (plan.rank === 0) return { label: "Included for everyone" };
  if (interval === "year" && plan.yearCents === null) return { label: "No yearly price", why: "Choose monthly to buy this plan." };
  return { label: `Buy ${plan.short}`, main: true, why, run: why ? undefined : () => buy(plan) };
}

/**
 * The pricing cards.
 * @param {{plans: object[], interval: "month"|"year", current: string|null,
 *   offer: (plan: object) => {label?: string, run?: () => void, main?: boolean, busy?: boolean, why?: string}}} view
 */
export function renderPrices(container, { plans, interval, current, offer }) {
  swap(container, ...plans.map((plan) => {
    const free = plan.monthCents === 0;
    const cents = interval === "year" && !free ? plan.yearCents : plan.monthCents;
    const saved = interval === "year" && plan.yearCents !== null ? plan.monthCents * 12 - plan.yearCents : 0;
    const { label, run, main, busy, why } = offer(plan);
    const whyId = `why-${plan.planCode}`;
    const gain = (text) => el("li", {}, icon("tick"), el("span", {}, text));
    return el("article", { className: plan.planCode === current ? "card price current" : "card price", "aria-label": plan.name },
      el("div", { className: "price-head" }, el("h3", {}, plan.short), plan.planCode === current && pill("Current plan", "plan")),
      el("div", {},
        el("p", { className: "amount" }, cents === null ? "–" : money(cents, plan.currency), el("small", {}, free ? "forever" : `/ ${interval}`)),
        el("p", { className: "saving" }, saved > 0 ? `Saves ${money(saved, plan.currency)} a year` : free ? "No card needed" : cents === null ? "Monthly only" : "Cancel any time")),
      el("ul", { className: "gains" },
        gain(plan.seatsIncluded === 1 ? "1 seat included" : `${plan.seatsIncluded} seats included`),
        plan.below && gain(`Everything in ${plan.below}`),
        ...plan.gains.map((flag) => gain(FEATURE_NAMES[flag] ?? words(flag)))),
      label && el("button", { type: "button", className: main ? "btn btn-main" : "btn", "data-key": `buy-${plan.planCode}`, disabled: !run, "aria-busy": Boolean(busy), "aria-describedby": why ? whyId : null, onclick: run ?? null }, label),
      el("p", { className: "hint", id: whyId }, why ?? ""));
  }));
}

/** One value per visible state of an event, so that a row is marked only when something about it is new. */
export const eventKey = (event) => [event.eventId, event.receivedAt, event.status, event.outcome, event.attempts].join("|");
export const eventVerdict = (event) => event.outcome ?? event.status;

export function renderNoEvents(container) {
  container.replaceChildren(el("li", {}, note({ tone: "bad", text: "The event list cannot be read right now." })));
}

export function renderEvents(container, events, seen) {
  if (events.length === 0) {
    container.replaceChildren(el("li", { className: "empty" }, "No events yet. Buy a plan, and Stripe's events arrive here as they are processed."));
    return;
  }
  container.replaceChildren(...events.map((event) => {
    const verdict = eventVerdict(event);
    const at = new Date(event.receivedAt);
    const time = Number.isNaN(at.getTime()) ? "" : clockFormat.format(at);
    return el("li", { className: seen.size > 0 && !seen.has(eventKey(event)) ? "event fresh" : "event" },
      el("span", { className: "type" }, event.type),
      pill(words(verdict), OUTCOME_TONE[verdict] ?? ""),
      el("span", { className: "meta" },
        el("time", { dateTime: event.receivedAt, title: event.receivedAt }, time),
        el("span", { className: "id", title: event.eventId }, event.eventId),
        event.attempts > 1 && el("span", {}, `${event.attempts} attempts`)),
      el("span", { className: "ms" }, Number.isFinite(event.milliseconds) ? `${event.milliseconds} ms` : "–"),
      event.errorCode && el("span", { className: "trouble" }, words(event.errorCode)));
  }));
}

/** The fold-out: the last full answer, and the last check that found it unchanged. */
export function renderRaw({ status, line, body }, { path, who, full, check }) {
  status.textContent = full ? String(full.status || "no answer") : "";
  body.textContent = full?.body ? JSON.stringify(full.body, null, 2) : "";
  line.replaceChildren(`GET ${path} as ${who}`);
  if (!full) return;
  const verdict = full.status ? `${full.status} in ${full.ms} ms` : "no answer";
  line.append(el("br"), full.etag ? `${verdict}, ETag ${full.etag}` : verdict);
  if (check) line.append(el("br"), `checked ${clockFormat.format(check.at)}: 304 in ${check.ms} ms, unchanged`);
}
