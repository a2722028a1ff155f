-- Whether a subscription binds its customer: another one would charge twice. One that is paused does, as it
-- is taken up again; but not the one whose trial ended without a payment method, because nothing was ever
-- paid. `Snapshot::binds` says the same in Rust, as far as Stripe's list tells it.
create or replace function billing_private.binds(subscription billing.subscriptions) returns boolean
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  return billing_private.is_live(subscription.status)
    or subscription.status = 'paused'
      and (subscription.trial_end is null or subscription.paid_items is not null);
end $$;
revoke all on function billing_private.binds(billing.subscriptions) from public;
grant execute on function billing_private.binds(billing.subscriptions) to service_role, billing_operator;
