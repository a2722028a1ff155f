-- Every organization there is. Whoever may execute this works for all of them: the grant below is the one
-- place that decides it (billing_private.sees_every_organization).
create or replace function billing_private.all_organizations() returns setof uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query select o.id from billing.organizations o;
end $$;
revoke all on function billing_private.all_organizations() from public;
grant execute on function billing_private.all_organizations() to service_role, billing_operator;
