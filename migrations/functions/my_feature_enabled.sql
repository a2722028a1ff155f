-- feature_enabled for the caller's own organizations; false for every other one.
create or replace function billing_private.my_feature_enabled(org uuid, feature text) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return exists (select from billing.members m where m.org_id = org and m.user_id = billing_private.caller())
    and billing_private.feature_enabled(org, feature);
end $$;
revoke all on function billing_private.my_feature_enabled(uuid, text) from public;
grant execute on function billing_private.my_feature_enabled(uuid, text)
  to authenticated, service_role, billing_viewer, billing_operator;
