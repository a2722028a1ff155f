-- The change that waits for the end of a subscription's paid period, as `scheduled_at` says it now.
create or replace function billing_private.scheduled_now(subscription billing.subscriptions) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return billing_private.scheduled_at(subscription, now(),
    (select jsonb_object_agg(p.plan_code, p.seats_included) from billing.plans p));
end $$;
revoke all on function billing_private.scheduled_now(billing.subscriptions) from public;
grant execute on function billing_private.scheduled_now(billing.subscriptions)
  to authenticated, service_role, billing_viewer, billing_operator;
