import { useId, type ReactElement } from "react";

import type { BillingError } from "../errors.js";
import type { Discount, Interval } from "../types.js";
import type { Offer } from "./offer.js";
import { money, type PricingLabels } from "./pricingLabels.js";
import type { ShownPlan } from "./pricingPlan.js";

/** @internal */
export interface PricingCardProps {
  readonly plan: ShownPlan;
  readonly offer: Offer;
  readonly labels: PricingLabels;
  readonly locale: string;
  /** What is taken off the organization's plan. */
  readonly discounts: readonly Discount[];
  readonly headingLevel: 2 | 3 | 4;
  readonly isRecommended: boolean;
  /** `unknown`: keep its place, until what the organization has is known. */
  readonly button: "usable" | "busy" | "pending" | "unknown" | "none";
  readonly problem: BillingError | null;
  readonly contactUrl: string | undefined;
  readonly onPress: () => void;
}

/** One plan. @internal */
export function PricingCard(props: PricingCardProps): ReactElement {
  const { plan, offer, labels, locale, button } = props;
  const Heading = `h${props.headingLevel}` as const;
  const id = useId();
  const date = offer.date && labels.date(new Date(offer.date), locale);
  const isCurrent = offer.kind === "current" || offer.kind === "renew" || offer.kind === "switch";
  const isRecommended = props.isRecommended && (offer.kind === "buy" || offer.kind === "upgrade");
  const word = wordOf(offer, plan, labels);
  const { price } = offer;
  const inWords = (amount: number): string => money(amount, price?.currency ?? "USD", locale);
  return (
    <li
      className="pf-pricing-plan"
      data-plan={plan.planCode}
      data-recommended={isRecommended || undefined}
      aria-labelledby={`${id}name`}
      aria-current={isCurrent ? "true" : undefined}
    >
      <Heading className="pf-pricing-name" id={`${id}name`}>
        {plan.name}
      </Heading>
      {isRecommended && <p className="pf-pricing-recommended">{labels.recommended}</p>}
      {plan.description && <p className="pf-pricing-description">{plan.description}</p>}
      <p className="pf-pricing-price" id={`${id}price`}>
        {plan.isFree && <strong>{labels.free}</strong>}
        {price && (
          <>
            <strong>{inWords(price.amount)}</strong> <span>{labels.per(price.interval, price.count)}</span>
          </>
        )}
      </p>
      {price && offer.saved > 0 && <p className="pf-pricing-saves">{labels.saves(inWords(offer.saved))}</p>}
      {(offer.kind === "current" || offer.kind === "renew") &&
        props.discounts.map((each, place) => (
          <p className="pf-pricing-discount" key={place}>
            {discountOf(each, labels, locale)}
          </p>
        ))}
      <ul className="pf-pricing-features" role="list">
        {plan.features.map((feature) => (
          <li key={feature}>{feature}</li>
        ))}
      </ul>
      {/* Always there, so that a change of plan is announced. */}
      <p className="pf-pricing-current" role="status">
        {button !== "unknown" && statusOf(offer, date, labels)}
      </p>
      {button === "unknown" && price && <span className="pf-pricing-space" aria-hidden="true" />}
      {button !== "unknown" && button !== "none" && word && (
        <Choose {...props} describedBy={`${id}price`}>
          {button === "pending" ? labels.opening : word}
        </Choose>
      )}
      <p className="pf-pricing-problem" role="alert">
        {props.problem && labels.problem(props.problem)}
      </p>
    </li>
  );
}

function Choose({
  offer,
  button,
  contactUrl,
  onPress,
  describedBy,
  children,
}: PricingCardProps & { describedBy: string; children: string }): ReactElement {
  if (offer.kind === "contact" && contactUrl !== undefined) {
    return (
      <a className="pf-pricing-choose" href={contactUrl}>
        {children}
      </a>
    );
  }
  return (
    <button
      type="button"
      className="pf-pricing-choose"
      data-offer={offer.kind}
      aria-describedby={describedBy}
      // Not `disabled`: the focus would be lost while the page is being opened.
      aria-disabled={button !== "usable" || undefined}
      onClick={() => {
        if (button === "usable") onPress();
      }}
    >
      {children}
    </button>
  );
}

function discountOf(
  { percentOff, amountOff, currency, duration, endsAt }: Discount,
  labels: PricingLabels,
  locale: string,
): string {
  const off =
    amountOff !== null && currency
      ? money(amountOff, currency, locale)
      : new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 2 }).format(
          (percentOff ?? 0) / 100,
        );
  return labels.discount(off, endsAt ? labels.date(new Date(endsAt), locale) : undefined, duration);
}

function statusOf({ kind }: Offer, date: string | undefined, labels: PricingLabels): string | null {
  if (kind === "renew" && date) return labels.currentUntil(date);
  if (kind === "current" || kind === "switch") return labels.current;
  return kind === "scheduled" ? labels.scheduled(date) : null;
}

function wordOf(
  { kind, price, kept }: Offer,
  { name, trialDays }: ShownPlan,
  labels: PricingLabels,
): string | null {
  const interval: Interval = price?.interval ?? "month";
  switch (kind) {
    case "buy":
      return trialDays > 0 ? labels.tryFree(name, trialDays) : labels.buy(name);
    case "upgrade":
      return labels.upgrade(name);
    case "downgrade":
    case "cancel":
      return labels.downgrade(name);
    case "switch":
      return labels.switchTo(interval);
    case "renew":
      return labels.keep(name);
    case "keep_first":
      return labels.keepFirst(kept ?? "", name);
    case "contact":
      return labels.contact;
    case "manage":
      return labels.manage;
    default:
      return null;
  }
}
