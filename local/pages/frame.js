// What is around the plan: header, banner, footer, the choice of a person, the fold-out with the raw answer.

import { $, clockFormat, el, sentence, words } from "/dom.js";

/** From who may do most to who may do nothing. */
const ROLES = ["owner", "admin", "member", "outsider"];

/**
 * The banner over the page while the API is away; unchanged text is left alone so that it is announced once.
 */
export function showBanner({ message }, hasAnswer) {
  const set = (id, text) => {
    if ($(id).textContent !== text) $(id).textContent = text;
  };
  set("down-title", sentence(message));
  set(
    "down-why",
    hasAnswer ? "What you see is its last answer. Trying again by itself." : "Trying again by itself.",
  );
  $("down").hidden = false;
}

export function openHeader({ stripe }) {
  $("mode").textContent = stripe.mode === "emulator" ? "Demo: no real money moves" : "Stripe test mode";
  $("mode").hidden = false;
  if (!/^https?:\/\//.test(stripe.panelUrl ?? "")) return;
  $("panel-link").href = stripe.panelUrl;
  $("panel-link").hidden = false;
}

export function viewerOptions(users, chosen, onChange) {
  const options = ROLES.filter((role) => role in users).map((role) =>
    el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: "viewer",
        value: role,
        checked: role === chosen,
        onchange: () => onChange(role),
      }),
      el("span", {}, words(role)),
    ),
  );
  $("viewer-options").replaceChildren(...options);
}

/** Whom the page is shown to, and what the API makes of them. */
export function renderViewer({ full, who, context }) {
  const { email } = context.users[who];
  const verdict =
    full?.status === 200
      ? `reads the plan, ${who === "member" ? "cannot" : "can"} buy`
      : (full?.body?.code ?? "no reason given");
  $("viewer-note").textContent = !full
    ? email
    : `${email} · ${full.status ? `the API answers ${full.status}: ${verdict}` : "the API does not answer"}`;
}

/** The fold-out: the last full answer, and the last check that found it unchanged. */
export function renderRaw({ who, full, check }) {
  $("raw-status").textContent = full ? String(full.status || "no answer") : "";
  $("raw-body").textContent = full?.body ? JSON.stringify(full.body, null, 2) : "";
  $("raw-line").replaceChildren(full ? `GET ${full.path} as ${who}` : "No request yet.");
  if (!full) return;
  const verdict = full.status ? `${full.status} in ${full.ms} ms` : "no answer";
  $("raw-line").append(el("br"), full.etag ? `${verdict}, ETag ${full.etag}` : verdict);
  if (check)
    $("raw-line").append(
      el("br"),
      `checked ${clockFormat.format(check.at)}: 304 in ${check.ms} ms, unchanged`,
    );
}
