-- Whether the plans written down for an organization are others than its subscriptions grant.
create or replace function billing_private.plans_differ(org uuid, mode boolean) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    with granted as (select g.plan_code, g.expires_at from billing_private.granted_plans(org, mode) g),
      written as (
        select e.plan_code, e.expires_at from billing.entitlements e
        where e.org_id = org and e.source = 'plan' and e.livemode = mode)
    select exists (table granted except table written) or exists (table written except table granted));
end $$;
revoke all on function billing_private.plans_differ(uuid, boolean) from public;
