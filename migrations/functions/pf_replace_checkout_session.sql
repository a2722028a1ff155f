-- Makes a checkout session the organization's last one, if that is still the one the caller knew (or already
-- this one), for an owner or admin of the organization. False: somebody else was faster.
create or replace function billing.pf_replace_checkout_session(
  asking uuid, org uuid, mode boolean, known text, session text
) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not billing_private.may_change_billing(asking, org) then
    return false;
  end if;
  update billing.customers c set last_checkout_session_id = session
  where c.org_id = org and c.livemode = mode
    and (c.last_checkout_session_id is not distinct from known or c.last_checkout_session_id = session);
  return found;
end $$;
revoke all on function billing.pf_replace_checkout_session(uuid, uuid, boolean, text, text) from public;
grant execute on function billing.pf_replace_checkout_session(uuid, uuid, boolean, text, text)
  to service_role, billing_checkout;
