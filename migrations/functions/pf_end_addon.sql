-- Ends the add-on of a one-time payment by hand, for good. Answers false where the organization has no such
-- payment, or it was ended before.
create or replace function billing.pf_end_addon(org uuid, session text, by_whom text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  payment billing.payments;
begin
  perform billing_private.lock_organizations(array[org]);
  update billing.payments p set addon_ended_by = by_whom, updated_at = now()
  where p.org_id = org and p.stripe_checkout_session_id = session and p.addon_ended_by is null
  returning * into payment;
  if not found then
    return false;
  end if;
  perform billing_private.settle_addons(payment, by_whom);
  return true;
end $$;
revoke all on function billing.pf_end_addon(uuid, text, text) from public;
grant execute on function billing.pf_end_addon(uuid, text, text) to service_role, billing_operator;
