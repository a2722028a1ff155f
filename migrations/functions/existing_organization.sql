-- The organization, if the application has it; else no row.
create or replace function billing_private.existing_organization(org uuid)
returns table (id uuid, name text) language plpgsql stable security definer set search_path = pg_catalog,
  pg_temp as $$
begin
  return query select o.id, o.name from billing.organizations o where o.id = org;
end $$;
revoke all on function billing_private.existing_organization(uuid) from public;
grant execute on function billing_private.existing_organization(uuid) to service_role, billing_operator;
