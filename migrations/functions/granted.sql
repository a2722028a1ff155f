-- What the organization's subscriptions of a mode grant now, as rows of `entitlements`: plans, each with how
-- often it is paid for, its extra seats and when it expires, and the flags of recurring add-ons. If they
-- grant nothing, the plan that everybody has, with the subscription that explains why. No row: it never had a
-- subscription.
create or replace function billing_private.granted(org uuid, mode boolean) returns setof billing.entitlements
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  with granting as (
    select s.stripe_subscription_id as id, s.own, s.stripe_created_at, items.paid, items.expires_at
    from billing.subscriptions s
    left join billing.test_clocks c on c.test_clock = s.test_clock
    cross join lateral (
      select
        case s.status when 'past_due' then s.paid_items else s.items end as paid,
        -- A test clock stands still between two events: what is left counts from then.
        case s.status when 'past_due' then coalesce(c.noted_at + (s.grace_until - c.frozen_at), s.grace_until) end
          as expires_at) items
    where s.org_id = org and s.livemode = mode and billing_private.is_granting(s.status)
      and s.pause_behavior is distinct from 'void' and items.paid is not null
      and (items.expires_at is null or items.expires_at > now())),
  item as (
    select g.id, g.own, g.stripe_created_at, g.expires_at, i.plan, i.seats, i.flags,
      coalesce(i.quantity, 1)::bigint as quantity
    from granting g
    cross join lateral jsonb_to_recordset(g.paid) as i (plan text, quantity integer, seats integer, flags jsonb)
    where coalesce(i.quantity, 1) > 0),
  plans as (
    select coalesce(i.plan, 'pilot') as plan_code, i.expires_at,
      (array_agg(i.id order by i.own desc, i.stripe_created_at desc))[1] as source_id,
      coalesce(sum(i.quantity) filter (where i.plan is not null and i.seats is null), 0)::bigint as units,
      coalesce(sum(i.quantity * i.seats), 0)::bigint as extra_seats,
      bool_or(i.own) as own
    from item i
    where i.plan is not null or i.seats is not null
    group by coalesce(i.plan, 'pilot'), i.expires_at),
  rest as (
    select 'pilot' as plan_code, null::timestamptz as expires_at, s.stripe_subscription_id as source_id, 0::bigint as units,
      0::bigint as extra_seats, s.own
    from billing.subscriptions s
    where s.org_id = org and s.livemode = mode and not exists (select from plans)
    -- One's own; one that can still be mended; the newest.
    order by s.own desc, billing_private.is_ended(s.status), s.stripe_created_at desc limit 1),
  flags as (
    select i.id, i.expires_at, f.feature
    from item i
    cross join lateral jsonb_array_elements_text(i.flags) as f (feature)
    where exists (select from billing.plan_entitlements p where p.plan_code = 'pilot' and p.feature = f.feature)
    group by i.id, i.expires_at, f.feature)
  select null::bigint, org, 'plan', mode, p.plan_code, null::text, p.source_id, true, p.units, p.extra_seats, p.own,
    p.expires_at, null::timestamptz
  from (table plans union all table rest) p
  union all
  select null, org, 'addon', mode, null, f.feature, f.id, true, null, null, null, f.expires_at, null
  from flags f;
end $$;
revoke all on function billing_private.granted(uuid, boolean) from public;
