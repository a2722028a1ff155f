-- The rows of `entitlements` that an organization's subscriptions of a mode decide, in the order of `granted`
-- and without what the table adds: its plans, one without a mode too, because it gives way to what is paid
-- for, and the flags of recurring add-ons.
create or replace function billing_private.written(org uuid, mode boolean) returns billing.entitlements[]
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return array(
  select row(null::bigint, e.org_id, e.source, e.livemode, e.plan_code, e.feature, e.source_id, e.enabled,
    e.units,
    e.extra_seats, e.own, e.expires_at, null::timestamptz)::billing.entitlements
  from billing.entitlements e
  where e.org_id = org and (
    e.source = 'plan' and (e.livemode is null or e.livemode = mode)
    or e.source = 'addon' and e.livemode = mode and starts_with(e.source_id, 'sub_'))
  order by e.source desc, e.plan_code, e.feature, e.source_id);
end $$;
revoke all on function billing_private.written(uuid, boolean) from public;
