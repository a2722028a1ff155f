-- Whether an organization may use a feature now. For a member of the organization, and for service_role (an
-- application's server, a request with an API key) about every one; false for everybody else, for an
-- organization that does not exist, and for a feature that does not. For a policy on a small table, or one
-- row:
--   using (billing.has_entitlement(org_id, 'hasCloudHistory'))
-- In a SECURITY DEFINER function the request's claims count too, if its owner is a member of service_role or
-- billing_owner.
create or replace function billing.has_entitlement(org uuid, feature text) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if billing_private.sees_every_organization() then
    return exists (select from billing_private.existing_organization(org))
      and billing_private.feature_enabled(org, feature);
  end if;
  return billing_private.my_feature_enabled(org, feature);
end $$;
revoke all on function billing.has_entitlement(uuid, text) from public;
grant execute on function billing.has_entitlement(uuid, text)
  to authenticated, service_role, billing_viewer, billing_operator;
