-- A subscription's row as a snapshot says it: what Stripe decides. Times of ours, whose it is and what was
-- paid are those of the row before.
create or replace function billing_private.snapshot_row(
  snapshot jsonb, before billing.subscriptions, out after billing.subscriptions, out learned jsonb
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  after := jsonb_populate_record(before, snapshot);
  if after.discounts <> '[]' then
    after.discounts := billing_private.with_terms(after.discounts, before.discounts);
  end if;
  if after.schedule is not null then
    after.schedule := billing_private.with_next(after.schedule, before.schedule);
  end if;
  select r.items, r.plan_code, r.price_id, r.unknown_price, r.billing_interval, r.interval_count, r.currency,
    r.quantity,
    r.learned
  into after.items, after.plan_code, after.price_id, after.unknown_price, after.billing_interval,
    after.interval_count,
    after.currency, after.quantity, learned
  from billing_private.resolve_items(snapshot, before.items) r;
end $$;
revoke all on function billing_private.snapshot_row(jsonb, billing.subscriptions) from public;
