-- Brings `prices` to what a catalogue says of those that Stripe has already: {price id: {interval, currency,
-- amount, sold}} in each plan. One that is named sells its plan by an operator's word, and whoever pays it
-- has the plan at once. One that is named no more cannot be bought, and keeps its plan.
create or replace function billing_private.list_prices(wanted jsonb, by_whom text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  one record;
  dealt text;
begin
  select string_agg(r.price_id, ', ' order by r.price_id) into dealt
  from billing.prices r
  cross join lateral jsonb_each(wanted -> 'plans') as each (code, value)
  where r.org_id is not null and coalesce(each.value -> 'prices', '{}') ? r.price_id;
  if dealt is not null then
    raise exception 'the catalogue names what is the deal of one organization: %. Leave it out', dealt
      using errcode = 'invalid_parameter_value';
  end if;
  -- First what ends, so that another may take its place.
  update billing.prices r set sold = false, listed = false
  where r.listed and not exists (
    select from jsonb_each(wanted -> 'plans') as each (code, value)
    cross join lateral jsonb_to_record(each.value -> 'prices' -> r.price_id) as w (
      "interval" text, currency text, amount integer, sold boolean)
    where each.value -> 'prices' ? r.price_id
      and (r.plan_code, r.billing_interval, r.currency, r.amount_cents, r.sold)
        is not distinct from (each.code, w.interval, w.currency, w.amount, w.sold));
  -- All at once and in one order: price by price, somebody else could lock the second one's first.
  perform billing_private.lock_organizations(array(
    select distinct s.org_id
    from jsonb_each(wanted -> 'plans') as each (code, value)
    cross join lateral jsonb_object_keys(coalesce(each.value -> 'prices', '{}')) as price (id)
    join billing.subscriptions s on s.items @> jsonb_build_array(jsonb_build_object('price', price.id))
    where not exists (
      select from billing.prices r
      where r.price_id = price.id and r.adopted_by is not null and r.plan_code = each.code)),
    at_any_level => true);
  for one in
    select price.id, each.code, w.interval, w.currency, w.amount, w.sold,
      r.adopted_by is not null and r.plan_code = each.code as is_adopted, coalesce(r.listed, false) as listed
    from jsonb_each(wanted -> 'plans') as each (code, value)
    cross join lateral jsonb_each(coalesce(each.value -> 'prices', '{}')) as price (id, value)
    cross join lateral jsonb_to_record(price.value) as w (
      "interval" text, currency text, amount integer, sold boolean)
    left join billing.prices r on r.price_id = price.id
    order by price.id
  loop
    continue when one.is_adopted and one.listed;
    if not one.is_adopted then
      perform billing.pf_adopt_price(one.id, one.code, by_whom);
    end if;
    update billing.prices r set listed = true, sold = one.sold, billing_interval = one.interval,
      currency = one.currency, amount_cents = one.amount
    where r.price_id = one.id;
  end loop;
end $$;
revoke all on function billing_private.list_prices(jsonb, text) from public;
