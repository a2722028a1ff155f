import { useAfterCheckout } from "@promptforge/billing/react";
import type { ReactElement } from "react";

import { Link } from "./path";

const SENTENCES = {
  waiting: "Waiting for the payment to be confirmed…",
  active: "Your plan is active.",
  pending: "Your bank takes its time. The plan changes by itself, and this page will say so.",
  outage: "Your plan cannot be shown at the moment. Nothing is lost, and we keep trying.",
  refused: "Your plan cannot be shown to you.",
};

/** Where Stripe leads back to. */
export function Success(): ReactElement {
  const { status } = useAfterCheckout();
  return (
    <section className="card empty" data-done={status === "active" || undefined}>
      <h1>Thank you</h1>
      <p role="status">{SENTENCES[status]}</p>
      <Link to="/" className="button">
        Go to the documents
      </Link>
    </section>
  );
}
