-- What the items of a snapshot sell. An item's plan is, in this order:
--   what an operator said of its price (billing products adopt)
--   what the price's lookup key says, then its metadata
--   what Stripe once said of the price, in general or in this row (`known`: its items before)
--   what the subscription's metadata says, if none of its prices is known to be something else
-- The highest rank among the items that are paid for decides; of equals the first. `learned`: Stripe says of
-- a price what is not stored yet.
create or replace function billing_private.resolve_items(
  snapshot jsonb, known jsonb, out items jsonb, out plan_code text, out price_id text, out unknown_price text,
  out billing_interval text, out interval_count integer, out currency text, out quantity integer, out learned jsonb
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  with item as (
    select i.*, said.plan_code as said, p.plan_code as stored, p.adopted_by is not null as adopted,
      coalesce(
        case when p.adopted_by is not null then p.plan_code end, said.plan_code, p.plan_code,
        (select k.plan from jsonb_to_recordset(known) as k (price text, plan text, by text)
          where k.price = i.price and k.by is null limit 1)) as plan
    from rows from (jsonb_to_recordset(snapshot -> 'items') as (
      price text, lookup_key text, plan_code text, quantity integer, seats integer, flags text[], unreadable text,
      "interval" text, interval_count integer, currency text)) with ordinality as i (
      price, lookup_key, plan_code, quantity, seats, flags, unreadable, "interval", interval_count, currency, place)
    left join billing.prices p on p.price_id = i.price
    left join lateral (
      select l.plan_code
      from billing.plans l
      where l.plan_code = i.plan_code or starts_with(i.lookup_key, l.lookup_key_prefix || '_')
        and split_part(substr(i.lookup_key, length(l.lookup_key_prefix) + 2), '_', 1) in ('day', 'week', 'month', 'year')
      order by l.plan_code = i.plan_code limit 1) said on true),
  by_metadata as (
    -- Prices say nothing, and none is an add-on's or extra seats': the subscription's metadata may.
    select coalesce(
      (select l.plan_code from billing.plans l where l.plan_code = snapshot ->> 'metadata_plan_code'),
      (select k.plan from jsonb_to_recordset(known) as k (plan text, by text) where k.by is not null limit 1)) as plan
    where not exists (select from item where item.plan is not null or item.seats is not null or item.flags is not null)),
  sold as (
    select item.*, coalesce(item.plan, m.plan) as sells, m.plan is not null as by_metadata, l.rank
    from item
    left join by_metadata m on item.place = 1
    left join billing.plans l on l.plan_code = coalesce(item.plan, m.plan) and coalesce(item.quantity, 1) > 0)
  select
    coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
      'price', s.price, 'plan', s.sells, 'by', case when s.by_metadata then 'metadata' end, 'quantity', s.quantity,
      'seats', s.seats, 'flags', s.flags, 'unreadable', s.unreadable, 'interval', s.interval,
      'interval_count', s.interval_count, 'currency', s.currency)) order by s.place), '[]'),
    coalesce((array_agg(l.plan_code order by s.rank desc nulls last, s.place))[1], 'pilot'),
    (array_agg(s.price order by s.rank desc nulls last, s.place))[1],
    (array_agg(coalesce(s.price, 'none') order by s.place)
      filter (where s.plan is null and s.seats is null and s.flags is null))[1],
    (array_agg(s.interval order by s.rank desc nulls last, s.place))[1],
    (array_agg(s.interval_count order by s.rank desc nulls last, s.place))[1],
    (array_agg(s.currency order by s.rank desc nulls last, s.place))[1],
    coalesce((array_agg(s.quantity order by s.rank desc nulls last, s.place))[1], 1),
    jsonb_object_agg(s.price, s.said)
      filter (where s.price is not null and s.said is not null and not s.adopted and s.said is distinct from s.stored)
  into items, plan_code, price_id, unknown_price, billing_interval, interval_count, currency, quantity, learned
  from sold s
  left join billing.plans l on l.plan_code = s.sells and s.rank is not null;
  if items = '[]' then
    unknown_price := 'none';
  end if;
end $$;
revoke all on function billing_private.resolve_items(jsonb, jsonb) from public;
