"use client";
import type { Entitlements } from "@promptforge/billing";
import { useBillingClient, useEntitlements, usePlanChange, usePlans } from "@promptforge/billing/react";
import Link from "next/link";

const day = (date: string) =>
  new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" }).format(new Date(date));

const subscribed = ({ status }: Entitlements) => status !== "none" && status !== "canceled";

export function Settings() {
  const { entitlements: now } = useEntitlements();
  const { plans } = usePlans();
  if (!now) return null; // the banner says why
  // A payment failed, the end is near, or something else follows.
  const until = now.graceEndsAt ?? now.cancelAt ?? now.scheduled?.at ?? now.currentPeriodEnd;
  const then = now.graceEndsAt
    ? "Stays on until"
    : now.cancelAt
      ? "Ends on"
      : now.scheduled
        ? "Changes on"
        : "Renews on";
  const plan = plans?.find(({ planCode }) => planCode === now.planCode)?.name ?? now.planCode;
  return (
    <section className="card">
      <dl>
        <dt>Plan</dt>
        <dd>
          {plan}
          {now.interval && (
            <span className="muted">, paid {now.interval === "year" ? "yearly" : "monthly"}</span>
          )}
        </dd>
        <dt>Seats</dt>
        <dd>{now.seats}</dd>
        {subscribed(now) && until && (
          <>
            <dt>{then}</dt>
            <dd>{day(until)}</dd>
          </>
        )}
      </dl>
      <Buttons now={now} />
    </section>
  );
}

function Buttons({ now }: { now: Entitlements }) {
  const { orgId } = useBillingClient();
  const { pending, error, manage, updatePaymentMethod, cancel } = usePlanChange({ returnUrl: "" });
  if (now.canManageBilling === false)
    return <p className="muted">An owner or admin of your organization manages the subscription.</p>;
  if (!subscribed(now))
    return (
      <Link href={`/${orgId}/plans`} className="button">
        See the plans
      </Link>
    );
  const button = (type: string, word: string, press: () => Promise<void>, look = "quiet") => (
    <button className={look} aria-disabled={pending !== null} onClick={() => void press()}>
      {pending?.type === type ? "Opening…" : word}
    </button>
  );
  return (
    <>
      <div className="buttons">
        {button("overview", "Invoices and subscription", manage, "")}
        {button("payment_method", "Change the card", updatePaymentMethod)}
        {!now.cancelAt && button("cancel", "Cancel the plan", cancel)}
      </div>
      <p role="alert" className="problem">
        {error?.message}
      </p>
    </>
  );
}
