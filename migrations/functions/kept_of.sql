-- What a plan was when the subscription with this id bought it, as `kept` says it. Null: what it is now, or
-- no subscription has the id.
create or replace function billing_private.kept_of(plan billing.plans, subscription_id text) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select billing_private.kept(plan, s) from billing.subscriptions s
    where s.stripe_subscription_id = subscription_id);
end $$;
revoke all on function billing_private.kept_of(billing.plans, text) from public;
grant execute on function billing_private.kept_of(billing.plans, text)
  to authenticated, service_role, billing_viewer, billing_operator;
