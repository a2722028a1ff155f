import { useContext, useId, useState, type ReactElement } from "react";

import type { Interval, PlanCode } from "../types.js";
import { BillingContext } from "./context.js";
import { english, type PricingLabels, type PricingPlan } from "./pricingPlan.js";
import { PricingCard } from "./pricingCard.js";

/** What somebody chose. */
export interface PricingChoice {
  readonly planCode: PlanCode;
  readonly interval: Interval;
}

/** Props of {@link PricingTable}. */
export interface PricingTableProps {
  /** The plans, in the order to show them. */
  readonly plans: readonly PricingPlan[];
  /**
   * Called when somebody chooses a plan. Who has none yet goes to `startCheckout`, who pays already to
   * `openPortal`. A promise is not watched: set `pending` meanwhile, and catch what it rejects with.
   */
  readonly onSelect: (choice: PricingChoice) => void;
  /** The interval, if the page keeps it. */
  readonly interval?: Interval | undefined;
  /** The interval to begin with, if the table keeps it. Default `"month"`. */
  readonly defaultInterval?: Interval | undefined;
  /** Called when somebody changes the interval. */
  readonly onIntervalChange?: ((interval: Interval) => void) | undefined;
  /**
   * The plan that the organization has; null: none is marked. Default: the one that the provider around it
   * knows.
   */
  readonly currentPlan?: PlanCode | null | undefined;
  /** The plan whose choice is being worked on: no button can be pressed meanwhile. */
  readonly pending?: PlanCode | null | undefined;
  /** Of the prices, as ISO 4217 says it. Default `"USD"`. */
  readonly currency?: string | undefined;
  /**
   * How amounts are written. Default `"en-US"`, and not the machine's own, in which server and browser may
   * differ.
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
 * The plans side by side, by month or year. Style its class names, or import
 * `@promptforge/billing/pricing.css`.
 */
export function PricingTable(props: PricingTableProps): ReactElement {
  const { plans, onSelect, onIntervalChange, defaultInterval = "month", pending = null, className } = props;
  const labels = { ...english, ...props.labels };
  const known = useContext(BillingContext)?.state.entitlements?.planCode ?? null;
  const current = props.currentPlan === undefined ? known : props.currentPlan;
  const [own, setOwn] = useState(defaultInterval);
  const interval = props.interval ?? own;
  const group = useId();

  const change = (wanted: Interval): void => {
    setOwn(wanted);
    onIntervalChange?.(wanted);
  };

  return (
    <section className={className ? `pf-pricing ${className}` : "pf-pricing"} aria-label={labels.title}>
      <fieldset className="pf-pricing-interval" role="radiogroup">
        <legend>{labels.interval}</legend>
        {(["month", "year"] as const).map((each) => (
          <label key={each}>
            <input
              type="radio"
              name={group}
              value={each}
              checked={each === interval}
              onChange={() => change(each)}
            />
            <span>{labels[each]}</span>
          </label>
        ))}
      </fieldset>
      {/* Safari takes a list without bullets for none; the role says that it is one. */}
      <ul className="pf-pricing-plans" role="list">
        {plans.map((plan) => (
          <PricingCard
            key={plan.planCode}
            plan={plan}
            interval={interval}
            labels={labels}
            currency={props.currency ?? "USD"}
            locale={props.locale ?? "en-US"}
            headingLevel={props.headingLevel ?? 3}
            isCurrent={plan.planCode === current}
            isPending={plan.planCode === pending}
            isDisabled={pending !== null}
            onSelect={onSelect}
          />
        ))}
      </ul>
    </section>
  );
}
