-- A subscription's row as a snapshot says it: what Stripe decides. Times of ours, whose it is and what was
-- paid are those of the row before. `items` is what they sell. An item's plan is, in this order:
--   what an operator said of its price (billing products adopt)
--   what the price's lookup key says, then its metadata
--   what Stripe once said of the price, in general or in this row
--   what the subscription's metadata says, if none of its prices is known to be something else
-- The highest rank among the items that are paid for decides; of equals the first. `learned`: Stripe says of
-- a price what is not stored yet, {price: plan}; null: nothing new.
create or replace function billing_private.snapshot_row(
  snapshot jsonb, before billing.subscriptions, out after billing.subscriptions, out learned jsonb
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  known constant jsonb := before.items;
  item billing_private.item;
  sold record;
  by_metadata text;
  items jsonb := '[]';
  plan_code text;
  price_id text;
  unknown_price text;
  highest integer := -1;
  sells_else boolean := false;
begin
  after := jsonb_populate_record(before, snapshot);
  if after.discounts <> '[]' then
    after.discounts := billing_private.with_terms(after.discounts, before.discounts);
  end if;
  if after.schedule is not null then
    after.schedule := billing_private.with_next(after.schedule, before.schedule);
  end if;
  for n in 0 .. jsonb_array_length(snapshot -> 'items') - 1 loop
    item := jsonb_populate_record(null::billing_private.item, snapshot -> 'items' -> n);
    sold := billing_private.price_sells(item.price, item.lookup_key, item.plan_code, known);
    if sold.learned then
      learned := coalesce(learned, '{}') || jsonb_build_object(item.price, sold.plan);
    end if;
    sells_else := sells_else or sold.plan is not null or item.seats is not null or item.flags is not null;
    if unknown_price is null and sold.plan is null and item.seats is null and item.flags is null then
      unknown_price := coalesce(item.price, 'none');
    end if;
    if item.flags is not null then
      item.unreadable := coalesce(item.unreadable, billing_private.unknown_flags(item.flags));
      item.flags := billing_private.known_flags(item.flags);
    end if;
    items := items || jsonb_strip_nulls(jsonb_build_object(
      'price', item.price, 'plan', sold.plan, 'quantity', item.quantity, 'seats', item.seats,
      'flags', item.flags, 'unreadable', item.unreadable, 'interval', item.interval,
      'interval_count', item.interval_count, 'currency', item.currency));
    if price_id is null or sold.rank > highest and coalesce(item.quantity, 1) > 0 then
      plan_code := case when coalesce(item.quantity, 1) > 0 then sold.plan end;
      highest := case when coalesce(item.quantity, 1) > 0 then coalesce(sold.rank, -1) else -1 end;
      price_id := coalesce(item.price, 'none');
      after.billing_interval := item.interval;
      after.interval_count := item.interval_count;
      after.currency := item.currency;
      after.quantity := coalesce(item.quantity, 1);
    end if;
  end loop;
  if not sells_else then
    -- Prices say nothing: the subscription's metadata may, or may once have.
    by_metadata := coalesce(
      (select p.plan_code from billing.plans p where p.plan_code = snapshot ->> 'metadata_plan_code'),
      (select k.plan from jsonb_to_recordset(known) as k (plan text, by text)
        where k.by is not null limit 1));
    if by_metadata is not null then
      items := jsonb_set(items, '{0}', items -> 0 || jsonb_build_object('plan', by_metadata, 'by',
        'metadata'));
      plan_code := case when after.quantity > 0 then by_metadata end;
    end if;
  end if;
  after.items := items;
  after.plan_code := coalesce(plan_code, 'pilot');
  after.price_id := nullif(price_id, 'none');
  after.unknown_price := unknown_price;
end $$;
revoke all on function billing_private.snapshot_row(jsonb, billing.subscriptions) from public;
