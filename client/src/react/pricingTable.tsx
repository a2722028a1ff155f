import { useContext, useId, useState, type ReactElement } from "react";

import type { BillingClient } from "../client.js";
import type { EntitlementsState, Interval, Plan, PlanCode } from "../types.js";
import { BillingContext } from "./context.js";
import { useDeparture } from "./departure.js";
import { whyUnknown } from "./labels.js";
import { offerOf, savingOf, type Offer, type OfferKind } from "./offer.js";
import { usePlansOf } from "./plans.js";
import { PricingCard, type PricingCardProps } from "./pricingCard.js";
import { pricingEnglish, type PricingLabels } from "./pricingLabels.js";
import { shownPlans, type PricingPlan, type ShownPlan } from "./pricingPlan.js";
import { toChange, toCheckout, toPortal, type PlanChoice, type ReturnAddresses } from "./purchase.js";

/**
 * What a button of the table does. `renew` keeps what was canceled, `keep_first` does so to change to another
 * plan, `switch` changes the interval, `cancel` ends at the free plan.
 */
export type PricingAction = Exclude<OfferKind, "current" | "scheduled" | "none">;

/** Props of {@link PricingTable}. */
export interface PricingTableProps extends ReturnAddresses {
  /**
   * The plans in the page's own words, and at prices that are shown until the API says what is sold, or where
   * it cannot. A server may hand in what `getPlans` gave it. Without them all is as the API says.
   */
  readonly plans?: readonly (PricingPlan | Plan)[] | undefined;
  /**
   * Called instead of leading to Stripe, as on a page for visitors that leads to a sign-up. Until the promise
   * that it may return is settled, no button can be pressed; a BillingError is shown.
   */
  readonly onSelect?: ((choice: PlanChoice, action: PricingAction) => void | Promise<void>) | undefined;
  /** The interval, if the page keeps it. */
  readonly interval?: Interval | undefined;
  /** The interval to begin with. Default: the one that is paid by, else `"month"`. */
  readonly defaultInterval?: Interval | undefined;
  /** Called when somebody changes the interval. */
  readonly onIntervalChange?: ((interval: Interval) => void) | undefined;
  /** How many seats are bought, where a plan is sold by seat. */
  readonly seats?: number | undefined;
  /** The plan to put forward, to those who have less. */
  readonly recommended?: PlanCode | undefined;
  /** Where a plan leads that is not sold on a page. */
  readonly contactUrl?: string | undefined;
  /**
   * In which currency prices are shown and ordered, as ISO 4217 says it. What is not sold in it, such as a
   * deal in another, is shown and ordered in its own. Default: that of the first price; `"USD"` is shown for
   * the page's own.
   */
  readonly currency?: string | undefined;
  /**
   * How amounts and dates are written. Default `"en-US"`, and not the machine's own, in which server and
   * browser may differ.
   */
  readonly locale?: string | undefined;
  /** The level of the plans' headings. Default 3. */
  readonly headingLevel?: 2 | 3 | 4 | undefined;
  /** Other sentences than the English ones. */
  readonly labels?: Partial<PricingLabels> | undefined;
  /** Added to the class `pf-pricing`. */
  readonly className?: string | undefined;
}

/**
 * The plans side by side, by month or year, and the purchase: the checkout for who has none, Stripe's page
 * that confirms the change for who pays. Sells nothing to anybody while it is not known what they have. Style
 * its class names, or import `@promptforge/billing/pricing.css`.
 */
export function PricingTable(props: PricingTableProps): ReactElement {
  const { locale = "en-US", onSelect, onIntervalChange, className, seats } = props;
  const labels = { ...pricingEnglish, ...props.labels };
  const billing = useContext(BillingContext);
  const sold = usePlansOf(billing);
  const { pending, failed, error, go } = useDeparture<PlanCode>();
  const [chosen, choose] = useState<Interval>();

  const now = billing?.state.entitlements;
  const plans = plansOf(sold.plans, sold.current, props.plans ?? [], { labels, currency: props.currency });
  const intervals = (["month", "year"] as const).filter((each) =>
    plans.some(({ prices }) => prices.some(({ interval }) => interval === each)),
  );
  const wanted = props.interval ?? chosen ?? props.defaultInterval ?? now?.interval ?? "month";
  const interval = intervals.find((each) => each === wanted) ?? intervals[0] ?? "month";
  const note = billing && noteOf(billing.state, labels);

  const buttonOf = (planCode: PlanCode, { kind }: Offer): PricingCardProps["button"] => {
    if (billing && !now && !note) return "unknown";
    const leads = kind === "contact" ? onSelect || props.contactUrl !== undefined : onSelect || billing;
    if (note || !leads) return "none";
    return pending === null ? "usable" : pending === planCode ? "pending" : "busy";
  };

  const press = (plan: ShownPlan, { kind, price }: Offer): void => {
    const currency = price?.currency ?? props.currency;
    const choice: PlanChoice = {
      planCode: plan.planCode,
      interval: price?.interval ?? interval,
      ...(seats === undefined ? {} : { seats }),
      ...(currency === undefined ? {} : { currency }),
    };
    void go(plan.planCode, async (signal) => {
      if (onSelect) return void (await onSelect(choice, kind as PricingAction));
      return billing && addressOf(kind, billing.client, billing.orgId, choice, props, signal);
    });
  };

  return (
    <section
      className={className ? `pf-pricing ${className}` : "pf-pricing"}
      aria-label={labels.title}
      aria-busy={plans.length === 0 && sold.loading}
    >
      {intervals.length > 1 && (
        <Intervals
          {...{ intervals, interval, labels, plans }}
          onChange={(next) => {
            choose(next);
            onIntervalChange?.(next);
          }}
        />
      )}
      {/* Always there, to be announced. */}
      <p className="pf-pricing-note" role="status">
        {note ?? (plans.length === 0 && sold.error ? labels.noPlans : null)}
      </p>
      {plans.length === 0 && sold.error && (
        <button type="button" className="pf-pricing-retry" onClick={sold.retry}>
          {labels.retry}
        </button>
      )}
      {/* Safari takes a list without bullets for none; the role says that it is one. */}
      <ul className="pf-pricing-plans" role="list">
        {plans.map((plan) => {
          const offer = offerOf(plan, interval, now, plans);
          return (
            <PricingCard
              key={plan.planCode}
              {...{ plan, offer, labels, locale }}
              discounts={(plan.planCode === now?.planCode && now.discounts) || []}
              headingLevel={props.headingLevel ?? 3}
              isRecommended={plan.planCode === props.recommended}
              button={buttonOf(plan.planCode, offer)}
              problem={failed === plan.planCode ? error : null}
              contactUrl={props.contactUrl}
              onPress={() => press(plan, offer)}
            />
          );
        })}
      </ul>
    </section>
  );
}

interface IntervalsProps {
  readonly intervals: readonly Interval[];
  readonly interval: Interval;
  readonly labels: PricingLabels;
  readonly plans: readonly ShownPlan[];
  readonly onChange: (interval: Interval) => void;
}

function Intervals({ intervals, interval, labels, plans, onChange }: IntervalsProps): ReactElement {
  const group = useId();
  const savings = plans.filter(({ prices }) => prices.length > 0).map((plan) => savingOf(plan)?.percent ?? 0);
  const most = Math.max(...savings);
  return (
    <fieldset className="pf-pricing-interval" role="radiogroup">
      <legend>{labels.interval}</legend>
      {intervals.map((each) => (
        <label key={each}>
          <input
            type="radio"
            name={group}
            value={each}
            checked={each === interval}
            onChange={() => onChange(each)}
          />
          <span>
            {labels[each]}
            {each === "year" && most > 0 && (
              <small>
                {" "}
                {labels.yearSaves(
                  most,
                  savings.some((percent) => percent !== most),
                )}
              </small>
            )}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Why there are no buttons. */
function noteOf({ entitlements, error }: EntitlementsState, labels: PricingLabels): string | undefined {
  if (!entitlements && error) return whyUnknown(error, labels);
  return entitlements?.canManageBilling === false ? labels.askAdmin : undefined;
}

function plansOf(
  sold: readonly Plan[] | undefined,
  isCurrent: boolean,
  given: readonly (PricingPlan | Plan)[],
  words: Parameters<typeof shownPlans>[2],
): readonly ShownPlan[] {
  const own = given.filter((plan): plan is PricingPlan => !isSold(plan));
  const handed = given.filter(isSold);
  const known = sold ?? (handed.length > 0 ? handed : undefined);
  // What the API said may be done counts for the organization as it was then. That a plan is not sold on a
  // page counts always.
  const counts = known?.map(({ action, ...plan }) =>
    action && ((sold && isCurrent) || action === "contact") ? { ...plan, action } : plan,
  );
  return shownPlans(counts, own, words);
}

const isSold = (plan: PricingPlan | Plan): plan is Plan => Array.isArray(plan.prices);

function addressOf(
  kind: OfferKind,
  client: BillingClient,
  orgId: string,
  choice: PlanChoice,
  addresses: ReturnAddresses,
  signal: AbortSignal,
): Promise<string | undefined> {
  switch (kind) {
    case "buy":
      return toCheckout(client, orgId, choice, addresses, signal);
    case "cancel":
      return toPortal(client, orgId, { type: "cancel" }, addresses, signal);
    case "upgrade":
    case "downgrade":
    case "switch":
      return toChange(client, orgId, choice, addresses, signal);
    default:
      return toPortal(client, orgId, undefined, addresses, signal);
  }
}
