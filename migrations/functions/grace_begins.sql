-- When the grace of a past_due subscription begins: when it was first seen to be past due, or when the period
-- began that is not paid, whichever is earlier.
create or replace function billing_private.grace_begins(subscription billing.subscriptions)
returns timestamptz language sql immutable
return least(
  subscription.past_due_since,
  case
    -- What failed is a change within a period that was paid.
    when subscription.current_period_start <= subscription.paid_period_start then null
    else subscription.current_period_start
  end);
revoke all on function billing_private.grace_begins(billing.subscriptions) from public;
