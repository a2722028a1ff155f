-- The plan of an organization in a mode, as `standing_of` has it.
create or replace function billing_private.plan_of(org uuid, mode boolean) returns table (
  plan_code text, status text, reason text, billing_interval text, interval_count integer, currency text,
  quantity integer, seats integer, current_period_end timestamptz, cancel_at timestamptz,
  grace_ends_at timestamptz, trial_ends_at timestamptz, collection_paused boolean,
  stripe_subscription_id text, discounts jsonb
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select has.plan_code, has.status, has.reason, has.billing_interval, has.interval_count, has.currency,
    has.quantity, has.seats, has.current_period_end, has.cancel_at, has.grace_ends_at, has.trial_ends_at,
    has.collection_paused, has.stripe_subscription_id, has.discounts
  from billing_private.standing_of(org, mode) has;
end $$;
revoke all on function billing_private.plan_of(uuid, boolean) from public;
grant execute on function billing_private.plan_of(uuid, boolean)
  to authenticated, service_role, billing_viewer, billing_operator;
