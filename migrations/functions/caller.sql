-- The user in whose name the statement runs: the `sub` of the access token's claims. Null: nobody, or a `sub`
-- that is no UUID and so no member of anything.
create or replace function billing_private.caller() returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  sub constant text := billing_private.claim('sub');
begin
  return case when sub ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then sub::uuid end;
end $$;
revoke all on function billing_private.caller() from public;
grant execute on function billing_private.caller()
  to authenticated, service_role, billing_viewer, billing_operator;
