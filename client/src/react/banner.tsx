import type { ReactElement } from "react";

import type { EntitlementsState } from "../types.js";
import { bannerEnglish, type BannerLabels } from "./bannerLabels.js";
import { useBilling } from "./context.js";
import { whyUnknown } from "./labels.js";
import { noticesOf, type Notice, type NoticeKind } from "./notice.js";
import { usePlanChange } from "./purchase.js";

/** Props of {@link BillingBanner}. */
export interface BillingBannerProps {
  /** Shows nothing. */
  readonly off?: boolean | undefined;
  /** What not to speak of. */
  readonly hide?: readonly NoticeKind[] | undefined;
  /** How many days before its end a trial is spoken of. Default 7. */
  readonly trialNotice?: number | undefined;
  /** Where the portal leads back to; `""`: to this page. Default: the API's own. */
  readonly returnUrl?: string | undefined;
  /** How dates are written. Default `"en-US"`. */
  readonly locale?: string | undefined;
  /** Other sentences than the English ones. */
  readonly labels?: Partial<BannerLabels> | undefined;
  /** Added to the class `pf-banner`. */
  readonly className?: string | undefined;
}

/** Says the most pressing thing of the subscription, if there is one, with the button that settles it. */
export function BillingBanner(props: BillingBannerProps): ReactElement | null {
  const { hide = [], trialNotice = 7, locale = "en-US", className } = props;
  const labels = { ...bannerEnglish, ...props.labels };
  const { state } = useBilling();
  const portal = usePlanChange({ returnUrl: props.returnUrl });
  if (props.off) return null;

  const notice = noticesOf(state, trialNotice).find(({ kind }) => !hide.includes(kind));
  const sentence = notice && sentenceOf(notice, state, labels, locale);
  const isUrgent = notice?.kind === "past_due" || notice?.kind === "off";
  const action = notice && actionOf(notice, labels);
  const mayAct = state.entitlements?.canManageBilling !== false;
  const isPending = portal.pending !== null;
  const press = (): void =>
    void (action?.does === "payment_method" ? portal.updatePaymentMethod() : portal.manage());

  // The two regions are always there, so that what comes into them is announced.
  return (
    <div className={className ? `pf-banner ${className}` : "pf-banner"} data-notice={notice?.kind}>
      <p role="status">{isUrgent ? null : sentence}</p>
      <p role="alert">{isUrgent ? sentence : null}</p>
      {action && !mayAct && <p>{labels.askAdmin}</p>}
      {action && mayAct && (
        <button type="button" aria-disabled={isPending || undefined} onClick={press}>
          {isPending ? labels.opening : action.word}
        </button>
      )}
      <p className="pf-banner-problem" role="alert">
        {portal.error && labels.problem(portal.error)}
      </p>
    </div>
  );
}

function sentenceOf(
  { kind, planCode, interval, date }: Notice,
  state: EntitlementsState,
  labels: BannerLabels,
  locale: string,
): string {
  const { entitlements, error } = state;
  const plan = planCode ? labels.planName(planCode) : "";
  const day = date ? labels.date(new Date(date), locale) : "";
  switch (kind) {
    case "past_due":
      return labels.pastDue(plan, day);
    case "trial":
      return labels.trial(plan, day);
    case "canceled":
      return labels.canceled(plan, day);
    case "scheduled":
      return labels.scheduled(plan, interval ?? "month", day);
    case "seats":
      return labels.seatsOver(entitlements?.seatsUsed ?? 0, entitlements?.seats ?? 0);
    case "outage":
    case "refused":
      return error ? whyUnknown(error, labels) : "";
    default:
      return labels[kind];
  }
}

function actionOf(
  { kind, planCode }: Notice,
  labels: BannerLabels,
): { readonly word: string; readonly does: "payment_method" | "manage" } | undefined {
  switch (kind) {
    case "past_due":
    case "off":
    case "trial":
      return { word: labels.updatePaymentMethod, does: "payment_method" };
    case "canceled":
      return { word: labels.keep(planCode ? labels.planName(planCode) : ""), does: "manage" };
    case "paused":
    case "scheduled":
    case "seats":
      return { word: labels.manage, does: "manage" };
    default:
      return undefined;
  }
}
