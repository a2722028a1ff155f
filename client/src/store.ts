// What is known of each organization, and since when. No requests here.

import { BillingError, userChanged } from "./errors.js";
import { LONGEST_REST } from "./request.js";
import type { Entitlements, EntitlementsState } from "./types.js";

/** @internal */
export interface Entry {
  /** What subscribers see; nothing as long as nobody asked. */
  state: EntitlementsState | undefined;
  /** The last answer. */
  value: Entitlements | undefined;
  etag: string | undefined;
  /** When the API last said that the answer holds, on this machine's clock. */
  checkedAt: number;
  /** Before this time the API does not want to be asked. */
  notBefore: number;
  /** Counts what was asked. */
  asked: number;
  /** The newest question that has its answer: the answer to an older one comes too late. */
  answered: number;
  readonly listeners: Set<(state: EntitlementsState) => void>;
}

/** @internal */
export const newEntry = (): Entry => ({
  ...nothing,
  asked: 0,
  answered: 0,
  listeners: new Set(),
});

// No state either: who listens is told of each change of person, also while nothing is known yet.
const nothing = { state: undefined, value: undefined, etag: undefined, checkedAt: 0, notBefore: 0 } as const;

/** Keeps an answer. @internal */
export function accept(
  entry: Entry,
  question: number,
  answer: Entitlements,
  etag: string | undefined,
): Entitlements {
  if (question < entry.answered) return current(entry);
  const unchanged = entry.value && sameAnswer(entry.value, answer);
  // The tag of an older answer with the same content is as good; what a page is seeded with has none of its
  // own.
  etag ??= unchanged ? entry.etag : undefined;
  const value = unchanged && entry.value ? entry.value : answer;
  Object.assign(entry, { value, etag, answered: question, checkedAt: Date.now(), notBefore: 0 });
  show(entry, { entitlements: value });
  return value;
}

/** The last answer, if it may stand in for the one that failed; else throws the failure. @internal */
export function refuse(entry: Entry, question: number, error: unknown, staleFor: number): Entitlements {
  // Aborted, or another person's: it says nothing of this organization.
  if (!(error instanceof BillingError) || error.code === "user_changed") throw error;
  if (question < entry.answered) return current(entry);
  // An outage is no answer: one to an older question may still come.
  if (!error.isOutage) entry.answered = question;
  // A failure that is told again while the API rests does not prolong the rest.
  if (error.retryAfter && !isResting(entry)) entry.notBefore = Date.now() + error.retryAfter;
  const age = Date.now() - entry.checkedAt;
  // Below 0: the clock was set back, and nobody knows how old it is.
  if (!error.isOutage || !entry.value || age < 0 || age >= staleFor) {
    Object.assign(entry, { value: undefined, etag: undefined });
    show(entry, { error });
    throw error;
  }
  const shown = entry.state?.entitlements;
  const entitlements = shown?.stale ? shown : { ...entry.value, stale: true };
  show(entry, { entitlements, error });
  return entitlements;
}

/** Whether the API does not want to be asked yet. A clock that was set back makes it no longer. @internal */
export function isResting({ notBefore }: Entry): boolean {
  const left = notBefore - Date.now();
  return left > 0 && left <= LONGEST_REST;
}

/** What a newer question was answered with. */
function current({ state }: Entry): Entitlements {
  if (state?.entitlements) return state.entitlements;
  throw state?.error ?? userChanged();
}

/** Forgets everything but who listens. @internal */
export function forget(entry: Entry): void {
  Object.assign(entry, nothing);
  show(entry, {});
}

/** Whether two answers differ in nothing but when they were read. @internal */
export function sameAnswer(one: Entitlements, other: Entitlements): boolean {
  const content = (value: Entitlements): string => JSON.stringify({ ...value, timestamp: 0, stale: 0 });
  return content(one) === content(other);
}

function show(entry: Entry, state: EntitlementsState): void {
  const before = entry.state;
  if (before && before.entitlements === state.entitlements && before.error === state.error) return;
  entry.state = state;
  for (const listener of [...entry.listeners]) {
    try {
      listener(state);
    } catch (error) {
      // Neither the others nor the caller's answer have to do with it: it is told as any uncaught error.
      report(error);
    }
  }
}

function report(error: unknown): void {
  if (typeof reportError === "function") return reportError(error);
  queueMicrotask(() => {
    throw error;
  });
}
