-- Every feature flag of an organization in a mode, {flag: on}: an unexpired override decides alone; else any
-- unexpired plan, add-on or trial grants it; else what everybody has.
create or replace function billing_private.features_of(org uuid, mode boolean) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    with held as (
      select e.source, e.feature, e.plan_code, e.enabled
      from billing.entitlements e
      where e.org_id = org and (e.livemode is null or e.livemode = mode)
        and (e.expires_at is null or e.expires_at > now())),
    decided as (
      select h.feature, h.enabled, h.source = 'override' as alone from held h where h.feature is not null
      union all
      select p.feature, true, false
      from billing.plan_entitlements p
      where p.enabled and (p.plan_code = 'pilot' or p.plan_code in (select h.plan_code from held h)))
    select jsonb_object_agg(everybody.feature, coalesce(d.enabled, false))
    from billing.plan_entitlements everybody
    left join (
      select d.feature, coalesce(bool_or(d.enabled) filter (where d.alone), bool_or(d.enabled)) as enabled
      from decided d group by d.feature) d using (feature)
    where everybody.plan_code = 'pilot');
end $$;
revoke all on function billing_private.features_of(uuid, boolean) from public;
