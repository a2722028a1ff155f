-- Sets the organization's plans to what its subscriptions grant now.
create or replace function billing_private.apply_subscriptions(org uuid, mode boolean, cause text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  plans text[];
  expiries timestamptz[];
begin
  select coalesce(array_agg(granted.plan_code), '{}'), coalesce(array_agg(granted.expires_at), '{}')
  into plans, expiries
  from billing_private.granted_plans(org, mode) granted;
  perform billing_private.set_plans(org, mode, plans, expiries, cause);
end $$;
revoke all on function billing_private.apply_subscriptions(uuid, boolean, text) from public;
