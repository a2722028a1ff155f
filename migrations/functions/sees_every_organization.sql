-- Whether the role that asks works for all organizations and not for one user. In a SECURITY DEFINER function
-- of the application that role is the function's owner, who may ask for all; the request is still a user's,
-- or nobody's.
create or replace function billing_private.sees_every_organization() returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return has_function_privilege('billing_private.all_organizations()', 'execute')
    and billing_private.claim('sub') is null
    and coalesce(billing_private.claim('role') not in ('anon', 'authenticated'), true);
end $$;
revoke all on function billing_private.sees_every_organization() from public;
grant execute on function billing_private.sees_every_organization()
  to authenticated, service_role, billing_viewer, billing_operator;
