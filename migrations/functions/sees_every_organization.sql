-- Whether the role that asks works for all organizations and not for one user.
create or replace function billing_private.sees_every_organization() returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return has_function_privilege('billing_private.all_organizations()', 'execute');
end $$;
revoke all on function billing_private.sees_every_organization() from public;
grant execute on function billing_private.sees_every_organization()
  to authenticated, service_role, billing_viewer, billing_operator;
