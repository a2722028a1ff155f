-- What an organization has in a mode, one row: its plan, its seats, its feature flags, and the subscription
-- that explains the plan (all null: it never had one). One of its own explains before a stranger's. `reason`
-- says why it is the plan that everybody has although there is a subscription; null where nothing needs an
-- explanation. `features`, {flag: on}: an unexpired override decides alone; else any unexpired plan, add-on
-- or trial grants it; else what everybody has.
create or replace function billing_private.standing_of(org uuid, mode boolean) returns table (
  plan_code text, status text, reason text, billing_interval text, interval_count integer, currency text,
  quantity integer, seats integer, current_period_end timestamptz, cancel_at timestamptz,
  grace_ends_at timestamptz, trial_ends_at timestamptz, collection_paused boolean,
  stripe_subscription_id text, discounts jsonb, features jsonb, scheduled jsonb
) language sql stable
begin atomic
  select
    plan.plan_code,
    s.status,
    case when plan.rank = 0 then billing_private.reason(s) end,
    s.billing_interval,
    s.interval_count,
    s.currency,
    s.quantity,
    least(held.seats + case when held.units > 0 then 0 else plan.seats_included end, 2147483647)::integer,
    -- Of a subscription that has ended there is nothing to come.
    case when not billing_private.is_ended(s.status) then s.current_period_end end,
    case when not billing_private.is_ended(s.status) then s.cancel_at end,
    -- What was never paid has none, and what is paused grants nothing meanwhile.
    case when s.status = 'past_due' and s.paid_items is not null and s.pause_behavior is distinct from 'void'
      then s.grace_until end,
    case when s.status = 'trialing' then s.trial_end end,
    s.pause_behavior is not null,
    s.stripe_subscription_id,
    case when s.discounts <> '[]' and not billing_private.is_ended(s.status)
      then billing_private.discounts_now(s) else '[]' end,
    everybody.features || held.features,
    case when s.schedule is not null and not billing_private.is_ended(s.status)
      then billing_private.scheduled_now(s) end
  from billing.plans everybody
  cross join lateral (
    select
      (array_agg(h.explains))[1] as explains,
      sum(h.units) as units,
      coalesce(sum(h.seats), 0) as seats,
      billing_private.merged(h.features) as features
    from (
      select
        case when p.rank is not null then e end as explains,
        case when counts.so then e.units end as units,
        case when counts.so
          then e.units * case
            when p.versions = '[]' then p.seats_included
            -- What it was for those who bought it before.
            else coalesce((billing_private.kept_of(p, e.source_id) ->> 'seats')::integer, p.seats_included)
            end + e.extra_seats end as seats,
        case
          when not counts.so then null
          -- What everybody has is there already, and what it says no to takes nothing away.
          when p.plan_code = everybody.plan_code then null
          when p.versions = '[]' then p.features
          when p.rank is not null
            then coalesce(billing_private.kept_of(p, e.source_id) -> 'features', p.features)
          when everybody.features ? e.feature then jsonb_build_object(e.feature, e.enabled)
        end as features
      from billing.entitlements e
      left join billing.plans p on p.plan_code = e.plan_code
      cross join lateral (select e.expires_at is null or e.expires_at > now() as so) counts
      where e.org_id = org and (e.livemode is null or e.livemode = mode)
      -- The plan that explains comes first; an override comes last, and decides.
      order by p.rank is null, e.source = 'override', counts.so desc, p.rank desc, e.own desc,
        e.expires_at desc nulls first, e.source_id) h) held
  join billing.plans plan on plan.plan_code = case
    when (held.explains).expires_at is null or (held.explains).expires_at > now()
    then coalesce((held.explains).plan_code, everybody.plan_code) else everybody.plan_code end
  left join billing.subscriptions s on s.stripe_subscription_id = (held.explains).source_id
  where everybody.plan_code = 'pilot';
end;
revoke all on function billing_private.standing_of(uuid, boolean) from public;
grant execute on function billing_private.standing_of(uuid, boolean)
  to authenticated, service_role, billing_viewer, billing_operator;
