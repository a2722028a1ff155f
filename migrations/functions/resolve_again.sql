-- A subscription's row with what its items sell by what is known of their prices now.
create or replace function billing_private.resolve_again(
  before billing.subscriptions, out after billing.subscriptions
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  after := before;
  select r.items, r.plan_code, r.price_id, r.unknown_price, r.billing_interval, r.interval_count, r.currency,
    r.quantity
  into after.items, after.plan_code, after.price_id, after.unknown_price, after.billing_interval,
    after.interval_count, after.currency, after.quantity
  from billing_private.resolve_items(jsonb_build_object('items', before.items), before.items) r;
  if before.paid_items is not null then
    select r.items into after.paid_items
    from billing_private.resolve_items(jsonb_build_object('items', before.paid_items), before.paid_items) r;
  end if;
end $$;
revoke all on function billing_private.resolve_again(billing.subscriptions) from public;
