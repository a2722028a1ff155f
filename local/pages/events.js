// The list of webhook events: follows what the local stack receives.

import { $, clockFormat, el, note, pill, words } from "/dom.js";

const PAUSE_MS = 1000;
const TROUBLE_MS = 4000;

const TONES = { applied: "ok", duplicate: "info", stale: "", ignored: "", failed: "bad", processing: "warn" };

/** One value per visible state of an event, so that a row is marked only when something about it is new. */
const keyOf = (event) =>
  [event.eventId, event.receivedAt, event.status, event.outcome, event.attempts].join("|");
const verdictOf = (event) => event.outcome ?? event.status;

/**
 * Shows the newest events for ever. `ask` reads them, null if they cannot be read; `onNew` hears of a list
 * that has changed.
 */
export async function followEvents(ask, onNew) {
  let seen = null; // what the list showed last
  let shown = null;
  for (;;) {
    const looked = !document.hidden;
    const events = looked ? (await ask())?.events : null;
    if (events) {
      connected(true);
      const text = JSON.stringify(events);
      if (text !== shown) {
        render(events, seen);
        if (seen && events[0]) onNew(`Webhook event ${events[0].type}: ${verdictOf(events[0])}`);
        seen = new Set(events.map(keyOf));
        shown = text;
      }
    } else if (looked) {
      connected(false);
      if (!seen)
        $("events").replaceChildren(
          el("li", {}, note({ tone: "bad", text: "The event list cannot be read right now." })),
        );
    }
    await new Promise((resolve) => setTimeout(resolve, events || !looked ? PAUSE_MS : TROUBLE_MS));
  }
}

function connected(is) {
  $("events-state").className = is ? "live is-on" : "live is-off";
  $("events-state").textContent = is ? "Live" : "Offline";
}

function render(events, seen) {
  if (events.length === 0) {
    $("events").replaceChildren(
      el(
        "li",
        { className: "empty" },
        "No events yet. Buy a plan, and Stripe's events arrive here as they are processed.",
      ),
    );
    return;
  }
  $("events").replaceChildren(
    ...events.map((event) => {
      const verdict = verdictOf(event);
      return el(
        "li",
        { className: seen && !seen.has(keyOf(event)) ? "event fresh" : "event" },
        el("span", { className: "type" }, event.type),
        pill(words(verdict), TONES[verdict] ?? ""),
        el(
          "span",
          { className: "meta" },
          el(
            "time",
            { dateTime: event.receivedAt, title: event.receivedAt },
            clockFormat.format(new Date(event.receivedAt)),
          ),
          el("span", { className: "id", title: event.eventId }, event.eventId),
          event.attempts > 1 && el("span", {}, `${event.attempts} attempts`),
        ),
        el(
          "span",
          { className: "ms" },
          Number.isFinite(event.milliseconds) ? `${event.milliseconds} ms` : "–",
        ),
        event.errorCode && el("span", { className: "trouble" }, words(event.errorCode)),
      );
    }),
  );
}
