-- What checkout needs to know of what is sold; one row.
--   plan_known  there is such a plan
--   lookup_key  finds the price at Stripe. Null: the plan is not sold so, or by its id
--   price_id    the price at Stripe. Null: the plan is not sold so, or by a lookup key
--   free_key    the prefix of the lookup keys of the plan that everybody has
--   paid_keys   the same of all other plans
--   seats       what one of the plan includes. Null: there is no such plan
--   more_seats  several of it may be bought
-- `currency` null: the one that the organization pays in, else the one in which most pay.
drop function if exists billing.read_offer(text, text);
create or replace function billing.read_offer(plan text, billing_interval text, org uuid, currency text)
returns table (
  plan_known boolean, lookup_key text, price_id text, free_key text, paid_keys text[], seats integer,
  more_seats boolean
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp
-- As read_entitlements: a plan for these very values would be no better.
set plan_cache_mode = force_generic_plan as $$
begin
  return query
  select known.is_plan, sold.lookup_key, sold.price_id, known.free_key, known.paid_keys, known.seats,
    known.more_seats
  from (
    select bool_or(p.plan_code = read_offer.plan) as is_plan,
      min(p.lookup_key_prefix) filter (where p.rank = 0) as free_key,
      coalesce(array_agg(p.lookup_key_prefix) filter (where p.rank > 0), '{}') as paid_keys,
      min(p.seats_included) filter (where p.plan_code = read_offer.plan) as seats,
      bool_or(p.more_seats) filter (where p.plan_code = read_offer.plan) as more_seats
    from billing.plans p) known
  left join lateral (
    select o.lookup_key, o.price_id
    from billing.plans p
    cross join lateral billing_private.offered(p, org) o
    where p.plan_code = read_offer.plan and o.billing_interval = read_offer.billing_interval
      and o.currency = coalesce(read_offer.currency, o.currency)
    order by o.place limit 1) sold on true;
end $$;
revoke all on function billing.read_offer(text, text, uuid, text) from public;
grant execute on function billing.read_offer(text, text, uuid, text) to service_role, billing_checkout;
