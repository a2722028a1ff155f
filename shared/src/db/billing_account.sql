select
  m.role::text as role,
  c.stripe_customer_id,
  c.last_checkout_session_id,
  -- Live is every status but those that ended and the first payment that is still open.
  exists (
    select from public.subscriptions s join public.plans p using (plan_code)
    where s.org_id = m.org_id and s.livemode = $3 and p.rank > 0
      and s.status not in ('incomplete', 'incomplete_expired', 'canceled')
  ) as subscribed,
  exists (
    select from public.subscriptions s
    where s.org_id = m.org_id and s.livemode = $3 and s.trial_end is not null
  ) as had_trial
from public.organization_members m
left join public.billing_customers c on c.org_id = m.org_id and c.livemode = $3
where m.org_id = $1 and m.user_id = $2
