-- Whether a user is an owner or admin of an organization.
create or replace function billing_private.may_change_billing(asking uuid, org uuid) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return exists (
    select from billing.members m where m.org_id = org and m.user_id = asking
      and m.role in ('owner', 'admin'));
end $$;
revoke all on function billing_private.may_change_billing(uuid, uuid) from public;
