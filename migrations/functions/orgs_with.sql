-- The organizations that may use a feature now: the caller's own of them, or all for service_role. In a
-- policy on a large table it is evaluated once for a query and not once for a row:
--   using (org_id = any (array(select billing.orgs_with('hasCloudHistory'))))
create or replace function billing.orgs_with(feature text) returns setof uuid
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select e.org_id from billing.entitlements_effective e where e.feature = orgs_with.feature and e.enabled;
end $$;
revoke all on function billing.orgs_with(text) from public;
grant execute on function billing.orgs_with(text)
  to authenticated, service_role, billing_viewer, billing_operator;
