-- The organizations that the caller is a member of. SECURITY DEFINER, because nobody may read the members
-- themselves. In a policy, as an array, it is evaluated once for a query and not once for a row.
create or replace function billing_private.my_orgs() returns setof uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- A members table may hold a person twice.
  return query select distinct m.org_id from billing.members m where m.user_id = billing_private.caller();
end $$;
revoke all on function billing_private.my_orgs() from public;
grant execute on function billing_private.my_orgs()
  to authenticated, service_role, billing_viewer, billing_operator;
