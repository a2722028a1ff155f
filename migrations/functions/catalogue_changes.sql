-- In what two catalogues differ, one row for each field: of a plan, or (plan null) a flag's description. A
-- null value: there is none. A flag that a plan does not name is off.
create or replace function billing_private.catalogue_changes(before jsonb, after jsonb) returns table (
  plan text, field text, from_value text, to_value text
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  with fields as (
    select c.side, each.code as plan, f.name as field, f.value
    from (values ('before', before), ('after', after)) as c (side, catalogue)
    cross join lateral jsonb_each(c.catalogue -> 'plans') as each (code, value)
    cross join lateral jsonb_each_text(each.value - 'flags' - 'prices') as f (name, value)
    where f.value is not null
    union all
    select c.side, each.code, 'flags.' || f.name, 'on'
    from (values ('before', before), ('after', after)) as c (side, catalogue)
    cross join lateral jsonb_each(c.catalogue -> 'plans') as each (code, value)
    cross join lateral jsonb_each_text(each.value -> 'flags') as f (name, value)
    where f.value = 'true'
    union all
    select c.side, each.code, 'prices.' || f.name, concat_ws(' ', f.value ->> 'amount',
      f.value ->> 'currency', 'by the ' || (f.value ->> 'interval'),
      case when (f.value ->> 'sold')::boolean then 'sold' else 'not sold' end)
    from (values ('before', before), ('after', after)) as c (side, catalogue)
    cross join lateral jsonb_each(c.catalogue -> 'plans') as each (code, value)
    cross join lateral jsonb_each(each.value -> 'prices') as f (name, value)
    union all
    select c.side, null, 'flags.' || f.name, f.value
    from (values ('before', before), ('after', after)) as c (side, catalogue)
    cross join lateral jsonb_each_text(c.catalogue -> 'flags') as f (name, value))
  select f.plan, f.field, min(f.value) filter (where f.side = 'before'),
    min(f.value) filter (where f.side = 'after')
  from fields f
  group by f.plan, f.field
  having min(f.value) filter (where f.side = 'before')
    is distinct from min(f.value) filter (where f.side = 'after')
  order by f.plan nulls first, f.field;
end $$;
revoke all on function billing_private.catalogue_changes(jsonb, jsonb) from public;
