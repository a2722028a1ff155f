-- A subscription's row with what its items sell by what is known of their prices now.
create or replace function billing_private.resolve_again(before billing.subscriptions)
returns billing.subscriptions language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  paid billing.subscriptions := before;
  after billing.subscriptions;
begin
  after := (billing_private.snapshot_row(jsonb_build_object('items', before.items), before)).after;
  if before.paid_items is not null then
    paid.items := before.paid_items;
    paid := (billing_private.snapshot_row(jsonb_build_object('items', paid.items), paid)).after;
    after.paid_items := paid.items;
  end if;
  return after;
end $$;
revoke all on function billing_private.resolve_again(billing.subscriptions) from public;
