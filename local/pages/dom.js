// Small parts that everything on the page is built of. Text from the API only ever becomes a text node.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

/**
 * Builds an element. `props` are properties, or attributes where the name has a dash or is `role`; null skips
 * one.
 * @param {string} tag
 * @param {Record<string, unknown>} [props]
 * @param {...(Node | string | null | false | undefined)} children
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name.includes("-") || name === "role") node.setAttribute(name, String(value));
    else node[name] = value;
  }
  node.append(...children.filter((child) => child || child === 0));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export const pill = (text, tone) => el("span", { className: tone ? `pill pill-${tone}` : "pill" }, text);
export const words = (code) =>
  String(code)
    .replaceAll("_", " ")
    .replace(/^./, (first) => first.toUpperCase());

/** `November 25, 2026`, by the day that Stripe's pages and invoices name. */
const dayFormat = new Intl.DateTimeFormat("en-US", {
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});
export const clockFormat = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

export function day(iso) {
  const date = new Date(iso ?? NaN);
  return Number.isNaN(date.getTime())
    ? "a date not known yet"
    : el("time", { dateTime: iso }, dayFormat.format(date));
}

// Stripe counts these whole, or in thousandths, and every other one in hundredths, whatever Intl says of it.
const ZERO_DECIMAL = /^(BIF|CLP|DJF|GNF|JPY|KMF|KRW|MGA|PYG|RWF|VND|VUV|XAF|XOF|XPF)$/;
const THREE_DECIMAL = /^(BHD|JOD|KWD|OMR|TND)$/;

export function money(cents, currency) {
  const code = (currency || "usd").toUpperCase();
  const digits = ZERO_DECIMAL.test(code) ? 0 : THREE_DECIMAL.test(code) ? 3 : 2;
  const whole = cents % 10 ** digits === 0;
  const format = new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: code,
    minimumFractionDigits: whole ? 0 : digits,
    maximumFractionDigits: digits,
  });
  return format.format(cents / 10 ** digits);
}

/** Replaces the content and keeps the keyboard focus on the element with the same `data-key`. */
export function swap(container, ...nodes) {
  const key = container.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  container.replaceChildren(...nodes);
  if (key) container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** A coloured message line; `action` is `{label, run}`, `close` removes it. */
export function note({ tone = "", text, action, close, waiting }) {
  const sign = waiting
    ? el("span", { className: "waiting" })
    : icon(tone === "warn" || tone === "bad" ? "alert" : tone === "ok" ? "tick" : "info");
  return el(
    "div",
    { className: tone ? `note note-${tone}` : "note" },
    sign,
    el("p", {}, ...[text].flat()),
    action && el("button", { type: "button", className: "btn btn-quiet", onclick: action.run }, action.label),
    close
      && el(
        "button",
        { type: "button", className: "note-x", "aria-label": "Dismiss", onclick: close },
        icon("close"),
      ),
  );
}

export const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);

/** A call that failed, in words: what it was, its code, and what to quote when asking about it. */
export function explain({ message, code, requestId }) {
  const known = [code, requestId && `request ${requestId}`].filter(Boolean).join(", ");
  return known ? `${sentence(message)} (${known})` : sentence(message);
}
