-- What a plan (`of_plan`) costs, for whoever looks on (`org` null) or for an organization: its deals first,
-- each in the place of what everybody pays by its interval; then what has a lookup key of ours; then other
-- prices that Stripe has; those in the currency that the organization pays in before the others. The first of
-- an interval is what is sold if nobody names a currency.
create or replace function billing_private.offered(of_plan billing.plans, org uuid) returns table (
  place bigint, billing_interval text, currency text, amount_cents integer, lookup_key text, price_id text
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  with deals as (
    select r.billing_interval, r.currency, r.amount_cents, r.price_id
    from billing.prices r
    where r.org_id = org and r.plan_code = (of_plan).plan_code and r.sold),
  everybody as (
    select 2 as kind, by.word as billing_interval, (of_plan).currency as currency, by.cents as amount_cents,
      (of_plan).lookup_key_prefix || '_' || by.word as lookup_key, null as price_id
    from (values ('month', (of_plan).price_month_cents), ('year', (of_plan).price_year_cents))
      as by (word, cents)
    where by.cents is not null
    union all
    select 3, r.billing_interval, r.currency, r.amount_cents, null, r.price_id
    from billing.prices r
    where r.plan_code = (of_plan).plan_code and r.sold and r.org_id is null)
  select row_number() over (order by o.billing_interval, o.currency is distinct from (
      select s.currency from billing.subscriptions s
      where s.org_id = org and s.own and not billing_private.is_ended(s.status)
      order by s.stripe_created_at desc limit 1),
      o.kind, o.currency <> (of_plan).currency, o.currency, o.price_id),
    o.billing_interval, o.currency, o.amount_cents, o.lookup_key, o.price_id
  from (
    select 1 as kind, d.billing_interval, d.currency, d.amount_cents, null as lookup_key, d.price_id
    from deals d
    union all
    select e.* from everybody e
    where not exists (select from deals d where d.billing_interval = e.billing_interval)) o;
end $$;
revoke all on function billing_private.offered(billing.plans, uuid) from public;
