// The notice over the page: one at a time, with the button that sees to it, until its cause is gone.

import { $, explain, note } from "/dom.js";

let isOver = null; // whether an answer of the API ends the cause

/** To whoever hears the page. */
export function say(text) {
  $("announce").textContent = text;
}

export function dismiss() {
  isOver = null;
  $("notice").replaceChildren();
}

/** Shows a notice until it is closed, another one comes, or an answer of the API is `over` its cause. */
export function notify({ over = null, ...message }) {
  isOver = over;
  $("notice").replaceChildren(note({ ...message, close: message.waiting ? null : dismiss }));
  $("notice").scrollIntoView({ block: "nearest" }); // what it answers may have been pressed far below
  say($("notice").querySelector("p").textContent);
}

/** What failed, in words, and a button that tries it again. */
export const complain = (error, retry, over = null) =>
  notify({ tone: "bad", text: explain(error), action: { label: "Try again", run: retry }, over });

/** Hears each answer of the API. */
export function endNotice(entitlements) {
  if (isOver?.(entitlements)) dismiss();
}
