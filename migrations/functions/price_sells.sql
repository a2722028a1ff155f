-- The plan that a price sells, and its rank; null: none that we know of. `learned`: Stripe says so now, and
-- it is not stored yet. `known`: the items of the subscription's row before, which may know it.
create or replace function billing_private.price_sells(
  price text, lookup_key text, plan_code text, known jsonb, out plan text, out rank smallint,
    out learned boolean
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  said record;
begin
  select p.plan_code as stored, p.adopted_by is not null as adopted, l.plan_code, l.rank into said
  from (select 1) one
  left join billing.prices p on p.price_id = price
  left join lateral (
    select l.plan_code, l.rank
    from billing.plans l
    where l.plan_code = price_sells.plan_code
      or starts_with(lookup_key, l.lookup_key_prefix || '_')
        and split_part(substr(lookup_key, length(l.lookup_key_prefix) + 2), '_', 1)
          in ('day', 'week', 'month', 'year')
    -- The key before the metadata.
    order by l.plan_code is not distinct from price_sells.plan_code limit 1) l on true;
  learned := price is not null and not said.adopted and said.plan_code is distinct from said.stored
    and said.plan_code is not null;
  plan := case when said.adopted then said.stored else coalesce(said.plan_code, said.stored) end;
  rank := said.rank;
  if plan is null and known is not null then
    select k.plan into plan
    from jsonb_to_recordset(known) as k (price text, plan text, by text)
    where k.price = price_sells.price and k.by is null limit 1;
  end if;
  if plan is distinct from said.plan_code then
    select l.rank into rank from billing.plans l where l.plan_code = plan;
  end if;
end $$;
revoke all on function billing_private.price_sells(text, text, text, jsonb) from public;
