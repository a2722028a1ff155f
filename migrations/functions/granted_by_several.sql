-- The same as `granted`, for any number of subscriptions and items: what they grant is added up. Of a plan
-- that has versions, only those add up that bought the same one (billing_private.kept).
create or replace function billing_private.granted_by_several(org uuid, mode boolean)
returns billing.entitlements[] language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return array(
  select row(null::bigint, org, sold.source, mode, sold.plan, sold.feature,
    (array_agg(s.id order by s.own desc, s.created desc, s.id))[1], true,
    case when sold.source = 'plan' then sum(sold.units)::bigint end,
    case when sold.source = 'plan' then sum(sold.seats)::bigint end,
    case when sold.source = 'plan' then bool_or(s.own) end,
    s.expires_at, null::timestamptz)::billing.entitlements
  from (
    select s as whole, s.stripe_subscription_id as id, s.own, s.stripe_created_at as created,
      case s.status when 'past_due' then s.paid_items else s.items end as items,
      -- A test clock stands still between two events: what is left counts from then.
      case s.status when 'past_due' then coalesce(c.noted_at + (s.grace_until - c.frozen_at),
        s.grace_until) end
        as expires_at
    from billing.subscriptions s
    left join billing.test_clocks c on c.test_clock = s.test_clock
    where s.org_id = org and s.livemode = mode and billing_private.is_granting(s.status)
      and s.pause_behavior is distinct from 'void') s
  cross join lateral jsonb_to_recordset(s.items) as i (plan text, quantity integer, seats integer,
    flags jsonb)
  cross join lateral (
    select 'plan' as source, coalesce(i.plan, 'pilot') as plan, null::text as feature,
      case when i.plan is not null and i.seats is null then coalesce(i.quantity, 1) else 0 end as units,
      coalesce(i.seats::bigint * coalesce(i.quantity, 1), 0) as seats
    where i.plan is not null or i.seats is not null
    union all
    select 'addon', null, f.feature, null, null from jsonb_array_elements_text(i.flags) as f (feature)) sold
  left join billing.plans p on p.plan_code = sold.plan and p.versions <> '[]'
  where coalesce(i.quantity, 1) > 0 and (s.expires_at is null or s.expires_at > now())
  group by sold.source, sold.plan, sold.feature, s.expires_at,
    case when sold.source = 'addon' then s.id else billing_private.kept(p, s.whole) ->> 'number' end
  order by sold.source desc, sold.plan, sold.feature,
    (array_agg(s.id order by s.own desc, s.created desc, s.id))[1]);
end $$;
revoke all on function billing_private.granted_by_several(uuid, boolean) from public;
