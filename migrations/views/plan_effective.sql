-- The plan of every organization that the reader may see, and the subscription that explains it (null: it
-- never had one).
create or replace view billing.plan_effective with (security_invoker = true) as
select
  o.org_id,
  plan.plan_code,
  shown.status,
  least(
    plan.seats_included::bigint * case when shown.grants then greatest(shown.quantity, 1) else 1 end,
    2147483647)::integer as seats,
  -- Of a subscription that has ended there is nothing to come.
  case when not shown.ended then shown.current_period_end end as current_period_end,
  case when not shown.ended then shown.cancel_at end as cancel_at,
  case when shown.status = 'past_due' then shown.grace_until end as grace_ends_at
from billing_private.visible_organizations() as o (org_id)
cross join lateral (
  select p.plan_code, p.seats_included
  from billing.plans p
  where p.plan_code = 'pilot'
    or exists (
      select from billing.entitlements e
      where e.org_id = o.org_id and e.source = 'plan' and e.plan_code = p.plan_code
        and (e.expires_at is null or e.expires_at > now())
        and (e.livemode is null or e.livemode = (select billing_private.livemode())))
  order by p.rank desc
  limit 1
) plan
left join lateral (
  select s.status, s.quantity, s.current_period_end, s.cancel_at, s.grace_until,
    billing_private.is_ended(s.status) as ended,
    s.plan_code = plan.plan_code and s.pause_behavior is distinct from 'void'
      and billing_private.is_granting(s.status) and (s.status <> 'past_due' or s.grace_until > now()) as grants
  from billing.subscriptions s
  where s.org_id = o.org_id and s.livemode = (select billing_private.livemode())
  -- The one that grants the plan, rather one that is paid; else one that can still be mended; else the
  -- newest.
  order by grants desc, s.status = 'past_due', ended, s.stripe_created_at desc
  limit 1
) shown on true;
comment on view billing.plan_effective is
  'The plan of every organization, and the subscription that explains it (null: it never had one).';
revoke all on billing.plan_effective from public;
grant select on billing.plan_effective to authenticated, service_role, billing_viewer, billing_operator;
