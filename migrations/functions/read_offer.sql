-- What checkout needs to know of what is sold; one row.
--   plan_known  there is such a plan
--   lookup_key  finds the price at Stripe. Null: the plan is not sold by that interval
--   free_key    the prefix of the lookup keys of the plan that everybody has
--   paid_keys   the same of all other plans
--   seats       what one of the plan includes. Null: there is no such plan
--   more_seats  several of it may be bought
create or replace function billing.read_offer(plan text, billing_interval text) returns table (
  plan_known boolean, lookup_key text, free_key text, paid_keys text[], seats integer, more_seats boolean
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select
    bool_or(p.plan_code = plan),
    min(p.lookup_key_prefix || '_' || billing_interval) filter (where p.plan_code = plan
      and case billing_interval when 'month' then p.price_month_cents when 'year' then p.price_year_cents end
        is not null),
    min(p.lookup_key_prefix) filter (where p.rank = 0),
    coalesce(array_agg(p.lookup_key_prefix) filter (where p.rank > 0), '{}'),
    min(p.seats_included) filter (where p.plan_code = plan),
    bool_or(p.more_seats) filter (where p.plan_code = plan)
  from billing.plans p;
end $$;
revoke all on function billing.read_offer(text, text) from public;
grant execute on function billing.read_offer(text, text) to service_role, billing_checkout;
