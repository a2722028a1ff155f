with org as (select o.id, nullif(o.name, '') as name from billing_private.existing_organization($1) o),
  counting as (select billing_private.livemode() as livemode)
select jsonb_build_object(
  'organization', (select to_jsonb(org) from org),
  'livemode', (select livemode from counting),
  'plan', (select to_jsonb(p) from billing.plan_effective p where p.org_id = $1),
  'kept', (
    select billing_private.kept_of(p, e.stripe_subscription_id)
    from billing.plan_effective e join billing.plans p using (plan_code) where e.org_id = $1),
  'by_hand', exists (
    select from billing.entitlements e
    join billing.plan_effective p on p.org_id = e.org_id and p.plan_code = e.plan_code
    where e.org_id = $1 and e.source = 'plan' and e.livemode is null and p.stripe_subscription_id is null
      and (e.expires_at is null or e.expires_at > now())),
  'customers', (select coalesce(jsonb_agg(to_jsonb(c) order by c.livemode desc), '[]')
    from billing.customers c where c.org_id = $1),
  'portal', (
    select jsonb_build_object('customer', a.portal_customer, 'shared_with', case when a.shared then (
        select jsonb_agg(distinct jsonb_build_object('id', s.org_id,
          'name', (select nullif(o.name, '') from billing_private.existing_organization(s.org_id) o)))
        from billing.subscriptions s
        where s.stripe_customer_id = a.portal_customer and s.org_id <> $1
          and not billing_private.is_ended(s.status)) else '[]' end)
    from counting, billing_private.account_of($1, counting.livemode) a),
  -- Those of the mode that counts first, then the newest.
  'subscriptions', (
    select coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object(
        'counts', s.livemode = counting.livemode,
        -- A test clock stands still between two events: what is left counts from then (granted).
        'granted_until', case s.status when 'past_due'
          then coalesce(clock.noted_at + (s.grace_until - clock.frozen_at), s.grace_until) end,
        'test_clock_at', clock.frozen_at,
        'customer_of', (
          select jsonb_build_object('id', c.org_id,
            'name', (select nullif(o.name, '') from billing_private.existing_organization(c.org_id) o))
          from billing.customers c where c.stripe_customer_id = s.stripe_customer_id),
        'ended_at', (
          select max(r.created_at) from billing.runs r
          where r.org_id = $1 and r.kind = 'subscription_status_changed'
            and r.telemetry ->> 'subscription' = s.stripe_subscription_id
            and billing_private.is_ended(r.telemetry ->> 'to')))
      order by s.livemode = counting.livemode desc, s.stripe_created_at desc, s.stripe_subscription_id), '[]')
    from counting, billing.subscriptions s
    left join billing.test_clocks clock on clock.test_clock = s.test_clock
    where s.org_id = $1),
  -- What this organization's customers pay for others: subscriptions that were moved.
  'elsewhere', (
    select coalesce(jsonb_agg(jsonb_build_object('stripe_subscription_id', s.stripe_subscription_id,
        'stripe_customer_id', s.stripe_customer_id, 'status', s.status, 'organization', jsonb_build_object(
          'id', s.org_id,
          'name', (select nullif(o.name, '') from billing_private.existing_organization(s.org_id) o)))
      order by s.stripe_created_at desc), '[]')
    from billing.subscriptions s
    join billing.customers c on c.stripe_customer_id = s.stripe_customer_id and c.org_id = $1
    where s.org_id <> $1 and not billing_private.is_ended(s.status)),
  'charges', (
    select coalesce(jsonb_agg(to_jsonb(c) order by c.updated_at desc), '[]')
    from (select * from billing.charges c where c.org_id = $1 order by c.updated_at desc limit $2) c),
  'flags', (
    select coalesce(jsonb_agg(to_jsonb(f) order by f.enabled desc, f.feature), '[]')
    from (
      select v.feature, v.enabled, v.source, v.expires_at, granted.plan_code, granted.source_id,
        told.by_whom, told.reason
      from billing.entitlements_effective v
      -- The row that the view decided by; the view itself does not say which plan, or which payment.
      left join lateral (
        select e.plan_code, e.source_id
        from billing.entitlements e
        left join billing.plan_entitlements of_plan on of_plan.plan_code = e.plan_code
          and of_plan.feature = v.feature
        left join billing.plans p on p.plan_code = e.plan_code and p.versions <> '[]'
        where e.org_id = $1 and e.source = v.source and e.expires_at is not distinct from v.expires_at
          and (e.feature = v.feature or case when p.plan_code is null then of_plan.enabled
            else coalesce(billing_private.kept_of(p, e.source_id) -> 'features' ? v.feature, of_plan.enabled)
            end)
          and (e.livemode is null or e.livemode = (select livemode from counting))
        limit 1
      ) granted on true
      left join lateral (
        select r.telemetry ->> 'cause' as by_whom, r.telemetry ->> 'reason' as reason
        from billing.runs r
        where v.source = 'override' and r.org_id = $1 and r.kind = 'entitlement_overridden'
          and r.telemetry ->> 'feature' = v.feature
        order by r.id desc limit 1
      ) told on true
      where v.org_id = $1
    ) f),
  'changes', (
    select coalesce(jsonb_agg(to_jsonb(r) order by r.id desc), '[]')
    from (select r.id, r.kind, r.telemetry, r.created_at from billing.runs r
      where r.org_id = $1 order by r.id desc limit $2) r),
  'events', (
    select coalesce(jsonb_agg(to_jsonb(e) order by e.stripe_created_at desc, e.first_received_at desc), '[]')
    from (select * from billing.webhook_events e where e.org_id = $1
          order by e.stripe_created_at desc, e.first_received_at desc limit $2) e)
) from org
