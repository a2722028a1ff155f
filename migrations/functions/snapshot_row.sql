-- A subscription's row as a snapshot says it: what Stripe decides. Times of ours, whose it is and what was
-- paid are those of the row before. `items` is what they sell. An item's plan is, in this order:
--   what an operator said of its price (billing products adopt)
--   what the price's lookup key says, then its metadata
--   what Stripe once said of the price, in general or in this row
--   what the subscription's metadata says, if none of its prices is known to be a plan, of the first that is
--     not known at all: add-ons and seats say nothing of a plan
-- The highest rank among the items that are paid for decides; of equals the first. `learned`: Stripe says of
-- a price what is not stored yet, {price: plan}; null: nothing new.
drop function if exists billing_private.price_sells(text, text, text, jsonb);
create or replace function billing_private.snapshot_row(
  snapshot jsonb, before billing.subscriptions, out after billing.subscriptions, out learned jsonb
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  item billing_private.item;
  sold record;
  highest integer;
  unknown integer;
  is_plan boolean;
  by_metadata text;
begin
  after := jsonb_populate_record(before, snapshot);
  after.items := '[]';
  after.plan_code := null;
  after.price_id := null;
  after.unknown_price := null;
  if after.discounts <> '[]' then
    after.discounts := billing_private.with_terms(after.discounts, before.discounts);
  end if;
  if after.schedule is not null then
    after.schedule := billing_private.with_next(after.schedule, before.schedule);
  end if;
  for n in 0 .. jsonb_array_length(snapshot -> 'items') - 1 loop
    item := jsonb_populate_record(null::billing_private.item, snapshot -> 'items' -> n);
    -- `said`: the plan that Stripe names now. `is_new`: it is not stored yet.
    select l.plan_code as said, l.rank,
      case when p.adopted_by is null then coalesce(l.plan_code, p.plan_code) else p.plan_code end as plan,
      p.adopted_by is null and l.plan_code <> coalesce(p.plan_code, '') as is_new
    into sold
    from (select) one
    left join billing.prices p on p.price_id = item.price
    left join lateral (
      select l.plan_code, l.rank
      from billing.plans l
      where l.plan_code = item.plan_code
        or starts_with(item.lookup_key, l.lookup_key_prefix || '_')
          and split_part(substr(item.lookup_key, length(l.lookup_key_prefix) + 2), '_', 1)
            in ('day', 'week', 'month', 'year')
      -- The key before the metadata.
      order by l.plan_code is not distinct from item.plan_code limit 1) l on true;
    if sold.is_new and item.price is not null then
      learned := coalesce(learned, '{}') || jsonb_build_object(item.price, sold.said);
    end if;
    if sold.said is null or sold.plan <> sold.said then
      if sold.plan is null then
        sold.plan := (
          select k.plan from jsonb_to_recordset(before.items) as k (price text, plan text, by text)
          where k.price = item.price and k.by is null limit 1);
      end if;
      sold.rank := (select p.rank from billing.plans p where p.plan_code = sold.plan);
    end if;
    if sold.plan is not null then
      is_plan := true;
    elsif item.seats is null and item.flags is null then
      unknown := coalesce(unknown, n);
      after.unknown_price := coalesce(after.unknown_price, item.price, 'none');
    end if;
    if item.flags is not null then
      item.unreadable := coalesce(item.unreadable, billing_private.unknown_flags(item.flags));
      item.flags := billing_private.known_flags(item.flags);
    end if;
    after.items := after.items || jsonb_strip_nulls(jsonb_build_object(
      'price', item.price, 'plan', sold.plan, 'quantity', item.quantity, 'seats', item.seats,
      'flags', item.flags, 'unreadable', item.unreadable, 'interval', item.interval,
      'interval_count', item.interval_count, 'currency', item.currency));
    if highest is null or sold.rank > highest and coalesce(item.quantity, 1) > 0 then
      after.quantity := coalesce(item.quantity, 1);
      highest := case when after.quantity > 0 then coalesce(sold.rank, -1) else -1 end;
      after.plan_code := case when after.quantity > 0 then sold.plan end;
      after.price_id := item.price;
      after.billing_interval := item.interval;
      after.interval_count := item.interval_count;
      after.currency := item.currency;
      after.current_period_end := coalesce(item.period_end, after.current_period_end);
    end if;
  end loop;
  if is_plan is null and unknown is not null then
    -- Prices say nothing: the subscription's metadata may, or may once have.
    by_metadata := coalesce(
      (select p.plan_code from billing.plans p where p.plan_code = snapshot ->> 'metadata_plan_code'),
      (select k.plan from jsonb_to_recordset(before.items) as k (plan text, by text)
        where k.by is not null limit 1));
    if by_metadata is not null then
      item := jsonb_populate_record(null::billing_private.item, snapshot -> 'items' -> unknown);
      after.items := jsonb_set(after.items, array[unknown::text],
        after.items -> unknown || jsonb_build_object('plan', by_metadata, 'by', 'metadata'));
      after.quantity := coalesce(item.quantity, 1);
      after.price_id := item.price;
      after.billing_interval := item.interval;
      after.interval_count := item.interval_count;
      after.currency := item.currency;
      after.current_period_end := coalesce(item.period_end, after.current_period_end);
      after.plan_code := case when after.quantity > 0 then by_metadata end;
    end if;
  end if;
  after.plan_code := coalesce(after.plan_code, 'pilot');
end $$;
revoke all on function billing_private.snapshot_row(jsonb, billing.subscriptions) from public;
