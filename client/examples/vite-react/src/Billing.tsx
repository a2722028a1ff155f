import { useEntitlements, usePlanChange } from "@promptforge/billing/react";
import type { ReactElement } from "react";

import { Link } from "./path";

const day = (date: string): string =>
  new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone: "UTC" }).format(new Date(date));

export function Billing(): ReactElement {
  return (
    <>
      <div className="title">
        <h1>Billing</h1>
      </div>
      <Summary />
    </>
  );
}

function Summary(): ReactElement | null {
  const { entitlements: now, loading } = useEntitlements();
  const { pending, error, manage, updatePaymentMethod } = usePlanChange({ returnUrl: "" });
  if (loading) return <p className="muted">Loading…</p>;
  if (!now) return null; // the banner says why

  const hasSubscription = now.status !== "none" && now.status !== "canceled";
  const until = now.graceEndsAt ?? now.cancelAt ?? now.scheduled?.at ?? now.currentPeriodEnd;
  const then = now.graceEndsAt
    ? "Stays on until"
    : now.cancelAt
      ? "Ends on"
      : now.scheduled
        ? "Changes on"
        : "Renews on";
  return (
    <section className="card">
      <dl>
        <dt>Plan</dt>
        <dd className="plan">
          {now.planCode}
          {now.interval && `, paid ${now.interval === "year" ? "yearly" : "monthly"}`}
        </dd>
        <dt>Seats</dt>
        <dd>
          {now.seatsUsed === undefined || now.seatsUsed === null
            ? now.seats
            : `${now.seatsUsed} of ${now.seats} used`}
        </dd>
        {hasSubscription && until && (
          <>
            <dt>{then}</dt>
            <dd>{day(until)}</dd>
          </>
        )}
      </dl>
      {now.canManageBilling === false ? (
        <p className="muted">An owner or an admin of your organization manages the subscription.</p>
      ) : hasSubscription ? (
        <div className="buttons">
          <button type="button" aria-disabled={pending !== null} onClick={() => void manage()}>
            {pending?.type === "overview" ? "Opening…" : "Invoices and subscription"}
          </button>
          <button
            type="button"
            className="quiet"
            aria-disabled={pending !== null}
            onClick={() => void updatePaymentMethod()}
          >
            {pending?.type === "payment_method" ? "Opening…" : "Change the card"}
          </button>
        </div>
      ) : (
        <Link to="/plans" className="button">
          See the plans
        </Link>
      )}
      <p role="alert" className="problem">
        {error?.message}
      </p>
    </section>
  );
}
