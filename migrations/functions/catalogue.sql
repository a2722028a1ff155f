-- The catalogue as the tables have it: {plans: {code: {name, description, rank, seats, more_seats, currency,
-- month, year, lookup_key, prices: {price id: {interval, currency, amount, sold}}, flags: {flag: on}}},
-- flags: {flag: description}}. `month` and `year` are prices in the currency's smallest unit that have a
-- lookup key of ours; null: not sold by it. `prices` are others that Stripe has, by their ids. Every flag
-- there is stands in `flags` and in each plan.
create or replace function billing_private.catalogue() returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    with flags as (
      select e.feature, coalesce(f.description, '') as description
      from billing.plan_entitlements e
      left join billing.features f using (feature)
      where e.plan_code = 'pilot')
    select jsonb_build_object(
      'plans', (
        select jsonb_object_agg(p.plan_code, jsonb_build_object(
          'name', p.name, 'description', coalesce(p.description, ''), 'rank', p.rank,
          'seats', p.seats_included, 'more_seats', p.more_seats, 'currency', p.currency,
          'month', p.price_month_cents, 'year', p.price_year_cents, 'lookup_key', p.lookup_key_prefix,
          'prices', (
            select coalesce(jsonb_object_agg(r.price_id, jsonb_build_object('interval', r.billing_interval,
              'currency', r.currency, 'amount', r.amount_cents, 'sold', r.sold)), '{}')
            from billing.prices r where r.plan_code = p.plan_code and r.listed),
          'flags', (
            select coalesce(jsonb_object_agg(f.feature, coalesce(e.enabled, false)), '{}')
            from flags f
            left join billing.plan_entitlements e on e.plan_code = p.plan_code and e.feature = f.feature)))
        from billing.plans p),
      'flags', (select coalesce(jsonb_object_agg(f.feature, f.description), '{}') from flags f)));
end $$;
revoke all on function billing_private.catalogue() from public;
grant execute on function billing_private.catalogue() to service_role, billing_operator;
