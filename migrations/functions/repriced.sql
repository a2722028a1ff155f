-- The organizations that pay a price of which a catalogue says something new: it sells a plan now, or another
-- one.
create or replace function billing_private.repriced(wanted jsonb) returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  anew constant text[] := array(
    select price.id
    from jsonb_each(wanted -> 'plans') as each (code, value)
    cross join lateral jsonb_object_keys(coalesce(each.value -> 'prices', '{}')) as price (id)
    where not exists (
      select from billing.prices r
      where r.price_id = price.id and r.plan_code = each.code and r.adopted_by is not null));
begin
  -- Seldom: then every subscription is looked at.
  if anew <> '{}' then
    return query
    select distinct s.org_id
    from billing.subscriptions s
    cross join lateral jsonb_to_recordset(s.items) as i (price text)
    where i.price = any (anew);
  end if;
end $$;
revoke all on function billing_private.repriced(jsonb) from public;
