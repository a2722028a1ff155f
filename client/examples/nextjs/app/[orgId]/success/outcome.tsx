"use client";
import { BillingError } from "@promptforge/billing";
import { useBillingClient } from "@promptforge/billing/react";
import Link from "next/link";
import { useEffect, useState } from "react";

export function Outcome({ name }: { name: string }) {
  const { client, orgId } = useBillingClient();
  const [said, say] = useState("Waiting for the payment to be confirmed…");
  const [isDone, done] = useState(false);

  useEffect(() => {
    const controller = new AbortController();
    client.syncAfterCheckout(orgId, { signal: controller.signal }).then(
      ({ planCode }) => {
        done(planCode !== "pilot");
        say(
          planCode === "pilot"
            ? "Your bank takes its time. The plan changes by itself once it is done."
            : `${name} has its new plan. Everything in it is switched on.`,
        );
      },
      (error: unknown) => {
        if (error instanceof BillingError)
          say("Your plan cannot be shown at the moment. Nothing is lost: reload to look again.");
      },
    );
    return () => controller.abort();
  }, [client, orgId, name]);

  return (
    <section className="card empty" data-done={isDone || undefined}>
      <h1>Thank you</h1>
      <p role="status">{said}</p>
      <Link href={`/${orgId}`} className="button">
        Go to the documents
      </Link>
    </section>
  );
}
