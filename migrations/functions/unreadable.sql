-- What the metadata of a subscription's prices says and nobody can read: seats_per_unit that is no number,
-- and flags that there are not. Null: nothing.
create or replace function billing_private.unreadable(items jsonb) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select string_agg(distinct i.unreadable, ', ') from jsonb_to_recordset(items) as i (unreadable text));
end $$;
revoke all on function billing_private.unreadable(jsonb) from public;
grant execute on function billing_private.unreadable(jsonb) to service_role, billing_operator;
