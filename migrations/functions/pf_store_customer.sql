-- Stores an organization's Stripe customer, in place of `replaces` or of none, and answers with the one that
-- is stored then: of two callers at once the first decides. For an owner or admin of the organization alone,
-- and never over a customer that the caller did not know. Null: neither that, nor is the customer anybody
-- else's.
create or replace function billing.pf_store_customer(
  asking uuid, org uuid, mode boolean, customer text, replaces text
) returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  stored text;
begin
  if not billing_private.may_change_billing(asking, org) then
    return null;
  end if;
  -- Apart from the update, because `on conflict do update` watches one constraint, and two callers may meet
  -- at either.
  insert into billing.customers (org_id, livemode, stripe_customer_id) values (org, mode, customer)
  on conflict do nothing;
  update billing.customers c
  set
    stripe_customer_id =
      case when c.stripe_customer_id = replaces then customer else c.stripe_customer_id end,
    contact_user_id = case when c.stripe_customer_id = replaces then null else c.contact_user_id end
  where c.org_id = org and c.livemode = mode
  returning c.stripe_customer_id into stored;
  return stored;
end $$;
revoke all on function billing.pf_store_customer(uuid, uuid, boolean, text, text) from public;
grant execute on function billing.pf_store_customer(uuid, uuid, boolean, text, text)
  to service_role, billing_checkout;
