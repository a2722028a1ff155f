-- What was sold beside plans, the newest first: one-time payments, with an add-on or without; add-ons that
-- are items of subscriptions, also those that nobody can read; and flags of source addon that neither
-- explains.
--   $1 of this organization, or null   $2 of this source, or null   $3 all, add_ons or payments
--   $4 at most so many
with counting as (select billing_private.livemode() as mode),
  payments as (
    select p.stripe_checkout_session_id as source, 'payment' as kind, p.org_id, p.livemode,
      p.addon_features as features,
      case
        when cardinality(p.addon_features) = 0 and p.addon_unreadable is null then null
        when p.addon_ended_by is not null then 'ended'
        when back.is_refunded then 'refunded'
        when back.is_lost then 'dispute_lost'
        when p.payment_status not in ('paid', 'no_payment_required') then p.payment_status
        when cardinality(p.addon_features) = 0 then 'unreadable'
        when p.addon_expires_at <= now() then 'expired'
        when exists (
          select from billing.entitlements e
          where e.org_id = p.org_id and e.source = 'addon' and e.source_id = p.stripe_checkout_session_id)
        then 'on'
        else 'off'
      end as state,
      p.created_at as since, p.addon_expires_at as until, p.payment_status as status, p.amount_cents,
      p.currency, coalesce(back.refunded_cents, 0) as refunded_cents, back.dispute_status,
      p.addon_ended_by as ended_by, p.addon_unreadable as unreadable, '[]'::jsonb as prices
    from (
      select * from billing.payments p
      where ($1::uuid is null or p.org_id = $1) and ($2::text is null or p.stripe_checkout_session_id = $2)
        and ($3 <> 'add_ons' or cardinality(p.addon_features) > 0 or p.addon_unreadable is not null)
      order by p.created_at desc, p.stripe_checkout_session_id limit $4) p
    cross join lateral (
      select sum(c.refunded_cents)::bigint as refunded_cents,
        string_agg(c.dispute_status, ', ') as dispute_status,
        bool_or(c.amount_cents > 0 and c.refunded_cents >= c.amount_cents) as is_refunded,
        bool_or(c.dispute_status = 'lost') as is_lost
      from billing.charges c where c.stripe_payment_intent_id = p.stripe_payment_intent_id) back),
  others as (
    select e.source_id, e.org_id, e.livemode, array_agg(e.feature order by e.feature) as features,
      min(e.created_at) as since, max(e.expires_at) as until
    from billing.entitlements e
    where $3 <> 'payments' and e.source = 'addon' and ($1::uuid is null or e.org_id = $1)
      and ($2::text is null or e.source_id = $2)
      and not exists (select from billing.payments p where p.stripe_checkout_session_id = e.source_id)
    group by e.source_id, e.org_id, e.livemode
    union all
    select s.stripe_subscription_id, s.org_id, s.livemode, '{}', s.first_seen_at, null
    from billing.subscriptions s
    where $3 <> 'payments' and ($1::uuid is null or s.org_id = $1)
      and ($2::text is null or s.stripe_subscription_id = $2)
      and billing_private.is_live(s.status) and billing_private.unreadable(s.items) is not null
      and not exists (
        select from billing.entitlements e
        where e.org_id = s.org_id and e.source = 'addon' and e.source_id = s.stripe_subscription_id)),
  extras as (
    select * from payments
    union all
    select coalesce(o.source_id, 'none'), case when s.status is null then 'other' else 'subscription' end,
      o.org_id, o.livemode, o.features,
      case when o.features = '{}' then 'unreadable' when o.until <= now() then 'expired' else 'on' end,
      o.since, o.until, s.status, null, s.currency, 0, null, null, billing_private.unreadable(s.items),
      coalesce(
        jsonb_path_query_array(s.items, '$[*] ? (exists(@.flags) || exists(@.unreadable)).price'), '[]')
    from others o
    left join billing.subscriptions s on s.stripe_subscription_id = o.source_id)
select to_jsonb(x) - 'org_id' || jsonb_build_object(
  'counts', x.livemode is null or x.livemode = counting.mode,
  'organization', jsonb_build_object('id', x.org_id,
    'name', (select nullif(o.name, '') from billing_private.existing_organization(x.org_id) o)))
from extras x, counting
order by x.since desc, x.source limit $4
