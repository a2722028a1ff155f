-- The organizations that the caller may see: their own, or every one for a role that works for all. What row
-- level security is for a table, for views that start from organizations.
create or replace function billing_private.visible_organizations() returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if billing_private.sees_every_organization() then
    return query select billing_private.all_organizations();
  else
    return query select billing_private.my_orgs();
  end if;
end $$;
revoke all on function billing_private.visible_organizations() from public;
grant execute on function billing_private.visible_organizations()
  to authenticated, service_role, billing_viewer, billing_operator;
