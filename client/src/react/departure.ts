// Leaves the page for one of Stripe's: one request at a time, and everything usable again for who comes back.

import { useCallback, useContext, useEffect, useRef, useState } from "react";

import { BillingError } from "../errors.js";
import { BillingContext } from "./context.js";

/** When a page that is still there after it should have been left can be used again, in milliseconds. */
const STILL_HERE = 10_000;

/** @internal */
export interface Departure<What> {
  /** What is being worked on. */
  readonly pending: What | null;
  /** What went wrong last. */
  readonly failed: What | null;
  /** How. */
  readonly error: BillingError | null;
  /**
   * Does nothing while something is pending. `open` gives the address to go to; nothing: the page is not
   * left.
   */
  readonly go: (what: What, open: (signal: AbortSignal) => Promise<string | undefined>) => Promise<void>;
  /** Forgets the error, and ends what is under way. */
  readonly reset: () => void;
}

const idle = { pending: null, failed: null, error: null };

/** @internal */
export function useDeparture<What>(): Departure<What> {
  const billing = useContext(BillingContext);
  const { client, orgId, navigate } = billing ?? {};
  const [shown, show] = useState<Pick<Departure<What>, "pending" | "failed" | "error">>(idle);
  const running = useRef<AbortController | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const reset = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    running.current?.abort();
    running.current = null;
    show(idle);
  }, []);

  // What was begun for another organization, or by a component that is gone, leads nowhere.
  useEffect(() => reset, [client, orgId, reset]);

  useEffect(() => {
    // Brought back by the back button as it was left; or it was never left, because Stripe's page opened
    // elsewhere.
    const back = (event: PageTransitionEvent): void => void (event.persisted && reset());
    const look = (): void => void (document.visibilityState === "visible" && timer.current && reset());
    window.addEventListener("pageshow", back);
    document.addEventListener("visibilitychange", look);
    return () => {
      window.removeEventListener("pageshow", back);
      document.removeEventListener("visibilitychange", look);
    };
  }, [reset]);

  const go: Departure<What>["go"] = async (what, open) => {
    if (running.current) return;
    const controller = new AbortController();
    const { signal } = controller;
    running.current = controller;
    show({ ...idle, pending: what });
    try {
      const url = await open(signal);
      if (signal.aborted) return;
      if (url === undefined) return reset();
      if (!/^https?:/i.test(url))
        throw new BillingError(
          "unexpected_response",
          "The billing API answered with an address that is none",
        );
      navigate?.(url);
      // It stays pending until the page is gone.
      timer.current = setTimeout(reset, STILL_HERE);
    } catch (error) {
      if (signal.aborted) return;
      reset();
      if (!(error instanceof BillingError)) throw error;
      if (error.code !== "user_changed") show({ pending: null, failed: what, error });
    }
  };

  return { ...shown, go, reset };
}
