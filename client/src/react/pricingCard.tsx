import { useId, type ReactElement } from "react";

import type { Interval } from "../types.js";
import { money, type PricingLabels, type PricingPlan } from "./pricingPlan.js";
import type { PricingChoice } from "./pricingTable.js";

/** @internal */
export interface PricingCardProps {
  readonly plan: PricingPlan;
  readonly interval: Interval;
  readonly labels: PricingLabels;
  readonly currency: string;
  readonly locale: string;
  readonly headingLevel: 2 | 3 | 4;
  readonly isCurrent: boolean;
  readonly isPending: boolean;
  readonly isDisabled: boolean;
  readonly onSelect: (choice: PricingChoice) => void;
}

/** One plan. @internal */
export function PricingCard(props: PricingCardProps): ReactElement {
  const { plan, labels, isCurrent, isPending, isDisabled } = props;
  const Heading = `h${props.headingLevel}` as const;
  const id = useId();
  const { amount, interval } = offer(plan, props.interval);
  return (
    <li
      className="pf-pricing-plan"
      data-plan={plan.planCode}
      aria-labelledby={`${id}name`}
      aria-current={isCurrent ? "true" : undefined}
    >
      <Heading className="pf-pricing-name" id={`${id}name`}>
        {plan.name}
      </Heading>
      {plan.description && <p className="pf-pricing-description">{plan.description}</p>}
      <p className="pf-pricing-price" id={`${id}price`}>
        {amount === 0 && <strong>{labels.free}</strong>}
        {amount ? (
          <>
            <strong>{money(amount, props.currency, props.locale)}</strong>{" "}
            <span>{interval === "month" ? labels.perMonth : labels.perYear}</span>
          </>
        ) : null}
      </p>
      <ul className="pf-pricing-features" role="list">
        {plan.features.map((feature) => (
          <li key={feature}>{feature}</li>
        ))}
      </ul>
      {/* Always there, so that a change of plan is announced. */}
      <p className="pf-pricing-current" role="status">
        {isCurrent && labels.current}
      </p>
      {!isCurrent && amount ? (
        <button
          type="button"
          className="pf-pricing-choose"
          aria-describedby={`${id}price`}
          // Not `disabled`: the focus would be lost while the page is being opened.
          aria-disabled={isDisabled || undefined}
          onClick={() => {
            if (!isDisabled) props.onSelect({ planCode: plan.planCode, interval });
          }}
        >
          {isPending ? labels.pending(plan) : labels.choose(plan)}
        </button>
      ) : null}
    </li>
  );
}

/** What a plan costs by the wanted interval, or by the one that it is sold by. Null: by neither. */
function offer(
  plan: PricingPlan,
  wanted: Interval,
): { readonly amount: number | null; readonly interval: Interval } {
  const other = wanted === "month" ? "year" : "month";
  const interval = plan.prices[wanted] === null && plan.prices[other] !== null ? other : wanted;
  return { amount: plan.prices[interval], interval };
}
