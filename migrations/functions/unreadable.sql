-- What the metadata of a subscription's prices says and nobody can read: seats_per_unit that is no number,
-- and flags that there are not. Null: nothing.
create or replace function billing_private.unreadable(items jsonb) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if not jsonb_path_exists(items, '$[*] ? (exists(@.flags) || exists(@.unreadable))') then
    return null;
  end if;
  return (
    select string_agg(distinct u.said, ', ')
    from jsonb_to_recordset(items) as i (flags jsonb, unreadable text)
    cross join lateral (
      select i.unreadable as said where i.unreadable is not null
      union all
      select f.feature from jsonb_array_elements_text(i.flags) as f (feature)
      where not exists (
        select from billing.plan_entitlements p where p.plan_code = 'pilot' and p.feature = f.feature)) u);
end $$;
revoke all on function billing_private.unreadable(jsonb) from public;
