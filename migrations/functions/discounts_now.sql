-- What is taken off a subscription's price now, in the order that Stripe takes it off: [{name, percent_off,
-- amount_off, currency, duration, ends_at}]. Null: of one of its discounts that is not known. One that has
-- ended and of which Stripe's event is still to come is left out, unless it ends by a test clock.
create or replace function billing_private.discounts_now(subscription billing.subscriptions) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select case when bool_and(d.one #>> '{terms,duration}' is not null) is not false
      then coalesce(jsonb_agg(d.one -> 'terms' order by d.place), '[]') end
    from jsonb_array_elements(subscription.discounts) with ordinality d (one, place)
    where subscription.test_clock is not null
      or coalesce((d.one #>> '{terms,ends_at}')::timestamptz > now(), true));
end $$;
revoke all on function billing_private.discounts_now(billing.subscriptions) from public;
grant execute on function billing_private.discounts_now(billing.subscriptions)
  to authenticated, service_role, billing_viewer, billing_operator;
