select
  p.plan_code,
  p.status,
  p.seats,
  extract(epoch from p.current_period_end)::bigint as current_period_end,
  extract(epoch from p.cancel_at)::bigint as cancel_at,
  extract(epoch from p.grace_ends_at)::bigint as grace_ends_at,
  (select jsonb_object_agg(e.feature, e.enabled) from public.entitlements_effective e where e.org_id = p.org_id) as features
from public.plan_effective p
where p.org_id = $1
