-- What is paid for in the mode that counts, and needs a person: how many of each kind, and three of them.
with counting as (select billing_private.livemode() as mode),
  live as (
    select s.stripe_subscription_id as id, s.org_id, s.own, s.unknown_price, s.items,
      p.rank = 0 as has_nothing
    from billing.subscriptions s
    join billing.plans p using (plan_code)
    join counting on counting.mode = s.livemode
    where billing_private.is_live(s.status)),
  unknown_prices as (
    select case l.unknown_price when 'none' then 'no price' else l.unknown_price end as what,
      (array_agg(l.id || ' of ' || l.org_id order by l.has_nothing desc, l.id))[1] as whose,
      count(*) as subscriptions, bool_or(l.has_nothing) as has_nothing
    from live l
    where l.unknown_price is not null
    group by l.unknown_price),
  unreadable_addons as (
    select p.stripe_checkout_session_id || ' of ' || p.org_id as what, p.addon_unreadable as whose
    from billing.payments p
    join counting on counting.mode = p.livemode
    where p.addon_unreadable is not null and p.payment_status in ('paid', 'no_payment_required')
      and p.addon_ended_by is null
      and not exists (
        select from billing.charges c
        where c.stripe_payment_intent_id = p.stripe_payment_intent_id
          and (c.amount_cents > 0 and c.refunded_cents >= c.amount_cents or c.dispute_status = 'lost'))
    union all
    select l.id || ' of ' || l.org_id, billing_private.unreadable(l.items)
    from live l
    where billing_private.unreadable(l.items) is not null),
  disputes as (
    select c.stripe_charge_id || ' of ' || coalesce(c.org_id::text, 'nobody known') as what,
      c.dispute_status as whose
    from billing.charges c
    join counting on counting.mode = c.livemode
    -- A status that Stripe adds later is open until somebody has looked.
    where c.dispute_status not in ('won', 'lost', 'warning_closed', 'prevented')),
  strangers as (select l.id as what, 'for ' || l.org_id as whose from live l where not l.own),
  found as (
    select 'unknown_prices' as kind, u.what, u.whose, u.subscriptions, u.has_nothing from unknown_prices u
    union all
    select 'unreadable_addons', a.what, a.whose, 1, true from unreadable_addons a
    union all
    select 'disputes', d.what, d.whose, 1, false from disputes d
    union all
    select 'strangers', s.what, s.whose, 1, false from strangers s),
  numbered as (
    select f.*, row_number() over (partition by f.kind order by f.has_nothing desc, f.what) as place
    from found f)
select jsonb_build_object('kind', n.kind, 'things', count(*), 'subscriptions', sum(n.subscriptions)::bigint,
  'has_nothing', bool_or(n.has_nothing),
  'some', jsonb_agg(format('%s (%s)', n.what, n.whose) order by n.place) filter (where n.place <= 3))
from numbered n
group by n.kind
