-- Notes once that an organization with billing rows is no more in the application. Of one that was forgotten
-- there are none.
create or replace function billing_private.record_gone(org uuid, cause text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if billing_private.holds(org)
    and not exists (select from billing.runs r where r.org_id = org and r.kind = 'organization_gone')
  then
    perform billing_private.record(org, 'organization_gone', null, null, cause);
  end if;
end $$;
revoke all on function billing_private.record_gone(uuid, text) from public;
