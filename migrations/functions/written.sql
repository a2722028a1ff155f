-- The rows of `entitlements` that an organization's subscriptions of a mode decide: its plans, one without a
-- mode too, because it gives way to what is paid for, and the flags of recurring add-ons.
create or replace function billing_private.written(org uuid, mode boolean) returns setof billing.entitlements
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select e.* from billing.entitlements e
  where e.org_id = org and (
    e.source = 'plan' and (e.livemode is null or e.livemode = mode)
    or e.source = 'addon' and e.livemode = mode and starts_with(e.source_id, 'sub_'));
end $$;
revoke all on function billing_private.written(uuid, boolean) from public;
