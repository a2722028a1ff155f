-- What to ask Stripe about an organization: its customers, and the versions of its rows before Stripe is
-- asked.
create or replace function billing.pf_inquiry(org uuid, mode boolean) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return jsonb_build_object(
    'customers', (select coalesce(jsonb_agg(customers.id), '[]') from (
      select c.stripe_customer_id as id from billing.customers c where c.org_id = org and c.livemode = mode
      union
      select s.stripe_customer_id from billing.subscriptions s
      where s.org_id = org and s.livemode = mode and s.stripe_customer_id is not null) customers),
    'versions', (select coalesce(jsonb_object_agg(s.stripe_subscription_id, s.version), '{}')
      from billing.subscriptions s where s.org_id = org and s.livemode = mode));
end $$;
revoke all on function billing.pf_inquiry(uuid, boolean) from public;
grant execute on function billing.pf_inquiry(uuid, boolean) to service_role, billing_operator;
