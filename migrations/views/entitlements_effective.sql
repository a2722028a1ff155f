-- All feature flags for every organization that the reader may see, one that never paid included.
create or replace view billing.entitlements_effective with (security_invoker = true) as
select
  o.org_id,
  everybody.feature,
  coalesce(decisive.enabled, everybody.enabled) as enabled,
  coalesce(decisive.source, 'plan') as source,
  decisive.expires_at
from billing_private.visible_organizations() as o (org_id)
cross join billing.plan_entitlements everybody
left join lateral (
  select e.source, e.enabled, e.expires_at
  from billing.entitlements e
  left join billing.plan_entitlements of_plan
    on of_plan.plan_code = e.plan_code and of_plan.feature = everybody.feature
  left join billing.plans p on p.plan_code = e.plan_code and p.versions <> '[]'
  where e.org_id = o.org_id
    and (e.expires_at is null or e.expires_at > now())
    and (e.feature = everybody.feature
      -- What it was for those who bought it before.
      or case when p.plan_code is null then of_plan.enabled
        else coalesce(billing_private.kept_of(p, e.source_id) -> 'features' ? everybody.feature,
          of_plan.enabled) end)
    and (e.livemode is null or e.livemode = (select billing_private.livemode()))
  -- An override decides alone; else the grant that lasts longest.
  order by e.source = 'override' desc, e.expires_at desc nulls first, e.source = 'plan' desc
  limit 1
) decisive on true
where everybody.plan_code = 'pilot';
comment on view billing.entitlements_effective is
  'All feature flags for every organization, one that never paid included.';
revoke all on billing.entitlements_effective from public;
grant select on billing.entitlements_effective
  to authenticated, service_role, billing_viewer, billing_operator;
