"use client";
import { useAfterCheckout, useBillingClient } from "@promptforge/billing/react";
import Link from "next/link";

export function Outcome({ name }: { name: string }) {
  const { orgId } = useBillingClient();
  const { status } = useAfterCheckout();
  const sentences = {
    waiting: "Waiting for the payment to be confirmed…",
    active: `${name} has its new plan. Everything in it is switched on.`,
    pending: "Your bank takes its time. The plan changes by itself, and this page will say so.",
    outage: "Your plan cannot be shown at the moment. Nothing is lost, and we keep trying.",
    refused: "Your plan cannot be shown, because you are not signed in.",
  };
  return (
    <section className="card empty" data-done={status === "active" || undefined}>
      <h1>Thank you</h1>
      <p role="status">{sentences[status]}</p>
      <Link href={`/${orgId}`} className="button">
        Go to the documents
      </Link>
    </section>
  );
}
