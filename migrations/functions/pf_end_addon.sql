-- Ends the add-on of a one-time payment by hand, for good, or keeps one from ever being granted. Says who did
-- it and why, in the same commit. Answers false where the organization has no such payment, or it was ended
-- before.
drop function if exists billing.pf_end_addon(uuid, text, text);
create or replace function billing.pf_end_addon(org uuid, session text, by_whom text, reason text)
returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp
set lock_timeout = '5s' as $$
declare
  features text;
begin
  perform set_config('billing.cause', by_whom, true);
  perform billing_private.lock_organizations(array[org]);
  update billing.payments p set addon_ended_by = by_whom, updated_at = now()
  where p.org_id = org and p.stripe_checkout_session_id = session and p.addon_ended_by is null;
  if not found then
    return false;
  end if;
  with ended as (
    delete from billing.entitlements e
    where e.org_id = org and e.source = 'addon' and e.source_id = session
    returning e.feature)
  select string_agg(e.feature, ',' order by e.feature) into features from ended e;
  perform billing_private.record(org, 'addon_ended', features, null, by_whom,
    jsonb_build_object('source', session, 'reason', reason));
  return true;
end $$;
revoke all on function billing.pf_end_addon(uuid, text, text, text) from public;
grant execute on function billing.pf_end_addon(uuid, text, text, text) to service_role, billing_operator;
