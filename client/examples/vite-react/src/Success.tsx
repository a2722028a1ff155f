import { BillingError } from "@promptforge/billing";
import { useBillingClient } from "@promptforge/billing/react";
import { useEffect, useState, type ReactElement } from "react";

import { Link } from "./path";

/** Where Stripe leads back to. */
export function Success(): ReactElement {
  const { client, orgId } = useBillingClient();
  const [sentence, setSentence] = useState("Waiting for the payment to be confirmed…");
  const [isDone, setDone] = useState(false);

  useEffect(() => {
    const controller = new AbortController();
    client.syncAfterCheckout(orgId, { signal: controller.signal }).then(
      ({ planCode }) => {
        setDone(planCode !== "pilot");
        setSentence(
          planCode === "pilot"
            ? "Your bank takes its time. The plan changes by itself once it is done."
            : "Your plan is active.",
        );
      },
      (error: unknown) => {
        if (error instanceof BillingError)
          setSentence("Your plan cannot be shown at the moment. Nothing is lost: reload to look again.");
      },
    );
    return () => controller.abort();
  }, [client, orgId]);

  return (
    <section className="card empty" data-done={isDone || undefined}>
      <h1>Thank you</h1>
      <p role="status">{sentence}</p>
      <Link to="/" className="button">
        Go to the documents
      </Link>
    </section>
  );
}
