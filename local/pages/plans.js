// The plans: which there are, their features, and what they cost. No requests and no state here.

import { day, el, icon, money, pill, swap, words } from "/dom.js";

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

/** A flag in words. One that somebody added speaks for itself: canScheduleRuns is "Schedule runs". */
function flagName(flag) {
  const bare = flag.replace(/^(canUse|can|has)(?=[A-Z])/, "");
  const apart = bare.replace(/([a-z])([A-Z])(?=[a-z])/g, (_, end, start) => `${end} ${start.toLowerCase()}`);
  return FEATURE_NAMES[flag] ?? words(apart);
}

const shortName = (plan) => plan.name.replace(/^PromptForge\s+/, "");

/** What the API says is sold, as the page shows it: the plans, and the flags, those of cheap plans first. */
export function catalogueOf(sold) {
  const cents = (plan, interval) =>
    plan.prices.find((price) => price.sold && price.interval === interval)?.amountCents ?? null;
  const plans = sold.map((plan) => ({
    planCode: plan.planCode,
    name: plan.name,
    rank: plan.rank,
    seatsIncluded: plan.seats,
    monthCents: cents(plan, "month"),
    yearCents: cents(plan, "year"),
    currency: plan.prices[0]?.currency ?? "usd",
    features: Object.keys(plan.entitlements).filter((flag) => plan.entitlements[flag]),
  }));
  const every = Object.keys(sold[0]?.entitlements ?? {});
  return { plans, features: [...new Set([...plans.flatMap((plan) => plan.features), ...every])] };
}

/** Plans by rank, and what each adds to the one below it, if it has all that that one has. */
export function byRank(plans) {
  const sorted = [...plans].sort((a, b) => a.rank - b.rank);
  return sorted.map((plan, at) => {
    const lower = sorted[at - 1];
    const builds = lower?.features.every((flag) => plan.features.includes(flag));
    return {
      ...plan,
      short: shortName(plan),
      below: builds ? shortName(lower) : null,
      gains: plan.features.filter((flag) => !builds || !lower.features.includes(flag)),
    };
  });
}

export const findPlan = (plans, code) => plans.find((plan) => plan.planCode === code)
  ?? { planCode: code, name: words(code), short: words(code), rank: 0, features: [] };

/** Whether it was refused to somebody who does not belong to the organization. */
export const isStranger = (problem) => problem?.code === "not_a_member";

export function featureCount({ answer, problem, context }) {
  if (!answer && !problem) return "Loading…";
  if (!answer) return isStranger(problem) ? "Not shown to this user" : "Not known";
  const on = context.features.filter((flag) => answer.entitlements[flag] === true);
  return `${on.length} of ${context.features.length} on`;
}

/**
 * The feature grid. Rows stay in place between calls, so that a change can be seen happening; `fresh` flags
 * are animated.
 */
export function renderFeatures(container, { features, plans, planCode, entitlements, fresh }) {
  const bought = plans.find((plan) => plan.planCode === planCode);
  let turn = 0;
  for (const [at, flag] of features.entries()) {
    let row = container.querySelector(`[data-flag="${CSS.escape(flag)}"]`);
    if (!row) {
      row = el("li", { className: "feature", "data-flag": flag },
        el("span", { className: "tile" }),
        el(
          "span",
          { className: "words" },
          el("span", { className: "name" }, flagName(flag)),
          el("code", {}, flag),
        ),
        el("span", { className: "tag" }),
      );
      if (at === 0) container.replaceChildren();
      container.append(row);
    }
    const on = entitlements?.[flag] === true;
    const planned = bought?.features.includes(flag);
    const cheapest = plans.find((plan) => plan.features.includes(flag))?.short ?? "";
    row.className = on ? "feature on" : "feature";
    row
      .querySelector(".tile")
      .replaceChildren(
        icon(!entitlements ? "dash" : on ? "tick" : "lock"),
        el("span", { className: "sr" }, !entitlements ? "Not known: " : on ? "On: " : "Locked: "),
      );
    row.querySelector(".tag").textContent =
      !entitlements || (on && planned) ? "" : on ? "Extra" : planned ? "Switched off" : cheapest;
    if (fresh?.has(flag)) {
      row.style.setProperty("--i", String(turn++));
      void row.offsetWidth; // restarts the animation
      row.classList.add("fresh");
    }
  }
}

/** Whether the chosen user is one who never buys: nothing is offered then. */
const mayNotBuy = ({ answer, problem, who }) => who === "member" || (!answer && isStranger(problem));

/** Whether there is anything in the portal: a subscription, or one that was. */
export const hasBilling = (answer) => answer.status !== "none";

/** The plan for whoever has none yet: the cheapest that can be bought. */
export function recommended(plans, answer) {
  const current = answer && findPlan(plans, answer.planCode);
  if (!answer || current.rank > 0 || OWING.includes(answer.status)) return null;
  return plans.find((plan) => plan.rank > 0 && (plan.monthCents ?? plan.yearCents) !== null)?.planCode;
}

const OWING = ["past_due", "unpaid", "paused"];
const ADVERBS = { month: "monthly", year: "yearly" };

/**
 * What a pricing card offers the chosen user: a button with its `label` and what it does (`run`), or what it
 * `says` where there is nothing to press; `why` stands under it.
 */
export function offer(plan, state, doing) {
  const { answer, problem, busy, plans, interval } = state;
  if (mayNotBuy(state)) return {};
  if (!answer) return { says: problem ? "Not available right now" : "Loading…" };
  if (busy === plan.planCode) return { label: "Opening Stripe…", main: true, busy: true, run: () => {} };
  const current = findPlan(plans, answer.planCode);
  const isCurrent = current.planCode === plan.planCode;
  const isSold = plan[`${interval}Cents`] !== null;
  if (isCurrent && !(isSold && changesRhythm(plan, answer, interval))) return { says: "Your plan" };
  if (answer.scheduled?.planCode === plan.planCode) return { says: ["From ", day(answer.scheduled.at)] };
  if (current.rank === 0 && OWING.includes(answer.status))
    return answer.status === "paused"
      ? { says: "Resume first", why: "The subscription is paused." }
      : { says: "Pay first", why: "An invoice is open." };
  const isAsked = plan.monthCents === null && plan.yearCents === null;
  if (plan.rank > 0 && (isAsked || (current.rank > 0 && !hasBilling(answer)))) return { says: "Ask for it" };
  if (plan.rank > 0 && !isSold)
    return { says: `Not sold ${ADVERBS[interval]}`, why: "Choose the other billing period." };
  return current.rank > 0 ? change(plan, current, state, doing) : {
    label: `Buy ${plan.short}`,
    main: recommended(plans, answer) === plan.planCode,
    run: () => doing.buy(plan),
  };
}

/** Whether the plan in force could be paid in the rhythm that is chosen, and is not. */
const changesRhythm = (plan, answer, interval) =>
  plan.rank > 0
  && hasBilling(answer)
  && !answer.cancelAt
  && answer.intervalCount === 1
  && answer.interval !== interval;

/** What becomes of a plan that is paid for: each leads to the page of Stripe's that confirms it. */
function change(plan, current, { answer, interval }, { openPortal }) {
  const { planCode, rank, short } = plan;
  if (!hasBilling(answer)) return {};
  if (answer.cancelAt)
    return rank === 0
      ? { says: ["From ", day(answer.cancelAt)] }
      : { says: "Resume first", why: `${current.short} is to end.` };
  if (rank === 0)
    return {
      label: `Cancel ${current.short}`,
      why: `${short} follows when the paid period ends.`,
      run: () => openPortal({ type: "cancel" }, planCode),
    };
  return {
    label: planCode === current.planCode ? `Switch to ${ADVERBS[interval]}` : `Switch to ${short}`,
    run: () => openPortal({ type: "update", planCode, interval }, planCode),
  };
}

/**
 * The pricing cards.
 * @param {{plans: object[], interval: "month"|"year", current: string|null, best: string|null,
 * offer: (plan: object) => {label?: string, run?: () => void, main?: boolean, busy?: boolean, why?: string,
 * says?: string | Node[]}}} view
 */
export function renderPrices(container, { plans, interval, current, best, offer }) {
  const place = ({ planCode }) => (planCode === current ? "current" : planCode === best ? "best" : "");
  swap(
    container,
    ...plans.map((plan) => {
      const free = plan.monthCents === 0;
      const cents = interval === "year" && !free ? plan.yearCents : plan.monthCents;
      const saved =
        interval === "year" && plan.yearCents !== null && plan.monthCents !== null
          ? plan.monthCents * 12 - plan.yearCents
          : 0;
      const isAsked = plan.monthCents === null && plan.yearCents === null;
      const otherwise = isAsked ? "On request" : interval === "year" ? "Monthly only" : "Yearly only";
      const { label, run, main, busy, why, says } = offer(plan);
      const whyId = `why-${plan.planCode}`;
      const gain = (text) => el("li", {}, icon("tick"), el("span", {}, text));
      return el(
        "article",
        {
          className: `card price ${place(plan)}`,
          "aria-label": plan.name,
        },
        el(
          "div",
          { className: "price-head" },
          el("h3", {}, plan.short),
          plan.planCode === current && pill("Current plan", "plan"),
          plan.planCode === best && pill("Recommended", "ok"),
        ),
        el(
          "div",
          {},
          el(
            "p",
            { className: "amount" },
            cents === null ? "–" : money(cents, plan.currency),
            el("small", {}, free ? "forever" : `/ ${interval}`),
          ),
          el(
            "p",
            { className: "saving" },
            saved > 0
              ? `Saves ${money(saved, plan.currency)} a year`
              : free
                ? "No card needed"
                : cents === null
                  ? otherwise
                  : "Cancel any time",
          ),
        ),
        el(
          "ul",
          { className: "gains" },
          gain(plan.seatsIncluded === 1 ? "1 seat included" : `${plan.seatsIncluded} seats included`),
          plan.below && gain(`Everything in ${plan.below}`),
          ...plan.gains.map((flag) => gain(flagName(flag))),
        ),
        says && el("p", { className: "says" }, ...[says].flat()),
        label
          && el(
            "button",
            {
              type: "button",
              className: main ? "btn btn-main" : "btn",
              "data-key": `buy-${plan.planCode}`,
              "aria-busy": Boolean(busy),
              "aria-describedby": why ? whyId : null,
              onclick: run,
            },
            label,
          ),
        el("p", { className: "hint", id: whyId }, why ?? ""),
      );
    }),
  );
}
