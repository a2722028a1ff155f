-- Discounts with what they take off: where a snapshot only names one, as it was known before.
create or replace function billing_private.with_terms(named jsonb, known jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(coalesce(k.one, '{}') || n.one order by n.place), '[]')
  from jsonb_array_elements(named) with ordinality n (one, place)
  left join jsonb_array_elements(known) k (one) on k.one -> 'id' = n.one -> 'id'
    and k.one -> 'item' is not distinct from n.one -> 'item';
$$;
revoke all on function billing_private.with_terms(jsonb, jsonb) from public;
