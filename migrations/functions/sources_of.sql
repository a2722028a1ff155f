-- Every flag of an organization in a mode, and what decides it now: an unexpired override decides alone; else
-- of the plans, add-ons and trials that grant it the one that lasts longest; else what everybody has.
-- `expires_at` is when that ends; null: no end known, or everybody has it. `everybody`: whether everybody has
-- the flag on.
create or replace function billing_private.sources_of(org uuid, mode boolean) returns table (
  feature text, enabled boolean, source text, expires_at timestamptz, everybody boolean
) language sql stable
begin atomic
  select
    flag.feature,
    coalesce(decisive.enabled, flag.enabled),
    coalesce(decisive.source, 'plan'),
    decisive.expires_at,
    flag.enabled
  from billing.plan_entitlements flag
  left join (
    select distinct on (granted.feature) granted.feature, e.source, e.enabled, e.expires_at
    from billing.entitlements e
    left join billing.plans p on p.plan_code = e.plan_code
    cross join lateral (
      select e.feature
      union all
      select of_plan.key from jsonb_each(case
        when p.plan_code is null then null
        when p.versions = '[]' then p.features
        -- What it was for those who bought it before.
        else coalesce(billing_private.kept_of(p, e.source_id) -> 'features', p.features)
      end) of_plan where of_plan.value = 'true') granted
    where e.org_id = org
      and (e.expires_at is null or e.expires_at > now())
      and (e.livemode is null or e.livemode = mode)
    order by granted.feature, e.source = 'override' desc, e.expires_at desc nulls first,
      e.source = 'plan' desc
  ) decisive on decisive.feature = flag.feature
  where flag.plan_code = 'pilot';
end;
revoke all on function billing_private.sources_of(uuid, boolean) from public;
grant execute on function billing_private.sources_of(uuid, boolean)
  to authenticated, service_role, billing_viewer, billing_operator;
