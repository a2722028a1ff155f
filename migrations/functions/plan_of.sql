-- The plan of an organization in a mode, its seats, and the subscription that explains it (all null: it never
-- had one). One of its own explains before a stranger's. `reason` says why it is the plan that everybody has
-- although there is a subscription; null where nothing needs an explanation.
create or replace function billing_private.plan_of(org uuid, mode boolean) returns table (
  plan_code text, status text, reason text, billing_interval text, interval_count integer, currency text,
  quantity integer, seats integer, current_period_end timestamptz, cancel_at timestamptz,
    grace_ends_at timestamptz,
  trial_ends_at timestamptz, collection_paused boolean, stripe_subscription_id text, discounts jsonb
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  with held as (
    select e.plan_code, e.source_id, e.units, e.extra_seats, e.own, e.expires_at, p.rank, p.seats_included,
      e.expires_at is null or e.expires_at > now() as counts
    from billing.entitlements e
    join billing.plans p on p.plan_code = e.plan_code
    where e.org_id = org and e.source = 'plan' and (e.livemode is null or e.livemode = mode)),
  best as (
    select h.counts, h.plan_code, h.source_id
    from held h
    order by h.counts desc, h.rank desc, h.own desc, h.expires_at desc nulls first limit 1),
  seats as (
    select coalesce(sum(h.units), 0) as units, coalesce(sum(h.units * h.seats_included + h.extra_seats),
      0) as paid
    from held h where h.counts)
  select
    plan.plan_code,
    s.status,
    case when plan.rank = 0 then billing_private.reason(s) end,
    s.billing_interval,
    s.interval_count,
    s.currency,
    s.quantity,
    least(seats.paid + case when seats.units = 0 then plan.seats_included else 0 end, 2147483647)::integer,
    -- Of a subscription that has ended there is nothing to come.
    case when not ended.so then s.current_period_end end,
    case when not ended.so then s.cancel_at end,
    case when s.status = 'past_due' then s.grace_until end,
    case when s.status = 'trialing' then s.trial_end end,
    s.pause_behavior is not null,
    s.stripe_subscription_id,
    case when s.discounts <> '[]' and not ended.so then billing_private.discounts_now(s) else '[]' end
  from seats
  left join best on true
  join billing.plans plan on plan.plan_code = case when best.counts then best.plan_code else 'pilot' end
  left join billing.subscriptions s on s.stripe_subscription_id = best.source_id
  cross join lateral (select coalesce(billing_private.is_ended(s.status), false) as so) ended;
end $$;
revoke all on function billing_private.plan_of(uuid, boolean) from public;
grant execute on function billing_private.plan_of(uuid, boolean)
  to authenticated, service_role, billing_viewer, billing_operator;
