-- Why a subscription grants no more than the plan that everybody has: a stable word, or null if there is
-- none.
create or replace function billing_private.reason(subscription billing.subscriptions) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return case
    when subscription.stripe_subscription_id is null then null
    when billing_private.is_ended(subscription.status) then 'ended'
    when subscription.pause_behavior = 'void' then 'collection_paused'
    when subscription.status = 'past_due' and subscription.paid_items is null then 'never_paid'
    when subscription.status = 'past_due' then 'grace_over'
    when subscription.status = 'unpaid' then 'unpaid'
    when subscription.status = 'paused'
      and (subscription.trial_end is null or subscription.paid_items is not null) then 'paused'
    when subscription.status = 'paused' then 'trial_over'
    when subscription.status = 'incomplete' then 'first_payment_open'
    when not billing_private.is_granting(subscription.status) then 'unknown_status'
    when subscription.unknown_price is not null then 'unknown_price'
    when jsonb_path_exists(subscription.items,
      '$[*] ? (@.plan != "pilot" && @.quantity == 0)') then 'quantity_zero'
    when not jsonb_path_exists(subscription.items, '$[*].plan') then 'addon_only'
    else 'free_plan'
  end;
end $$;
revoke all on function billing_private.reason(billing.subscriptions) from public;
grant execute on function billing_private.reason(billing.subscriptions)
  to authenticated, service_role, billing_viewer, billing_operator;
