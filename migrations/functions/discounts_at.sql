-- What is taken off a subscription's price at a moment, in the order that Stripe takes it off: [{name,
-- percent_off, amount_off, currency, duration, ends_at}]. Null: of one of its discounts that is not known.
-- One that has ended and of which Stripe's event is still to come is left out, unless it ends by a test
-- clock.
create or replace function billing_private.discounts_at(subscription billing.subscriptions, at timestamptz)
returns jsonb language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select case when bool_and(d.one #>> '{terms,duration}' is not null) is not false
      then coalesce(jsonb_agg(d.one -> 'terms' order by d.place), '[]') end
    from jsonb_array_elements(subscription.discounts) with ordinality d (one, place)
    where subscription.test_clock is not null
      or coalesce((d.one #>> '{terms,ends_at}')::timestamptz > at, true));
end $$;
revoke all on function billing_private.discounts_at(billing.subscriptions, timestamptz) from public;
grant execute on function billing_private.discounts_at(billing.subscriptions, timestamptz)
  to authenticated, service_role, billing_viewer, billing_operator;
