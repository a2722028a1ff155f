-- The mode whose payments count: as soon as one organization is a customer or has something in live mode,
-- test payments grant nothing to anybody. SECURITY DEFINER, because a member sees only their own
-- organization's rows.
create or replace function billing_private.livemode() returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return exists (select from billing.customers c where c.livemode)
    or exists (select from billing.entitlements e where e.livemode);
end $$;
revoke all on function billing_private.livemode() from public;
grant execute on function billing_private.livemode()
  to authenticated, service_role, billing_viewer, billing_operator;
