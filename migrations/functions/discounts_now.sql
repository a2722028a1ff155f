-- What is taken off a subscription's price now, as `discounts_at` says it.
create or replace function billing_private.discounts_now(subscription billing.subscriptions) returns jsonb
language sql stable
begin atomic
  select billing_private.discounts_at(subscription, now());
end;
revoke all on function billing_private.discounts_now(billing.subscriptions) from public;
grant execute on function billing_private.discounts_now(billing.subscriptions)
  to authenticated, service_role, billing_viewer, billing_operator;
