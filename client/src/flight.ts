// A request that several callers wait for. One who leaves does not end it; the last one who leaves does.

/** @internal */
export interface Flight<T> {
  /** Waits for the outcome; rejects with the signal's reason once that is aborted. */
  join(signal?: AbortSignal): Promise<T>;
  /** Whether nobody waited any more, so that it was ended. */
  isOver(): boolean;
  /** Ends it for everybody. */
  abort(reason: unknown): void;
}

/** @internal */
export function takeOff<T>(run: (signal: AbortSignal) => Promise<T>): Flight<T> {
  const controller = new AbortController();
  const outcome = run(controller.signal);
  outcome.catch(() => undefined); // everybody may have left
  let waiting = 0;
  return {
    join: (signal) => {
      waiting++;
      return unlessAborted(outcome, signal).finally(() => {
        if (--waiting === 0) controller.abort();
      });
    },
    isOver: () => controller.signal.aborted,
    abort: (reason) => controller.abort(reason),
  };
}

/** @internal */
export function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return work;
  return new Promise<T>((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener("abort", leave);
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    if (signal.aborted) leave();
  });
}
