-- Notes whose e-mail address Stripe has for an organization's customer, for an owner or admin of the
-- organization. The address itself is not stored.
create or replace function billing.pf_store_contact(asking uuid, org uuid, mode boolean,
  customer text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if billing_private.may_change_billing(asking, org) then
    update billing.customers c set contact_user_id = asking
    where c.org_id = org and c.livemode = mode and c.stripe_customer_id = customer;
  end if;
end $$;
revoke all on function billing.pf_store_contact(uuid, uuid, boolean, text) from public;
grant execute on function billing.pf_store_contact(uuid, uuid, boolean, text) to service_role,
  billing_checkout;
