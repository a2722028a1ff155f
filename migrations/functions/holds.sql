-- Whether we hold billing rows of an organization. Not its events: a forgotten one's may still come.
create or replace function billing_private.holds(org uuid) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return exists (select from billing.customers c where c.org_id = org)
    or exists (select from billing.subscriptions s where s.org_id = org)
    or exists (select from billing.payments p where p.org_id = org);
end $$;
revoke all on function billing_private.holds(uuid) from public;
