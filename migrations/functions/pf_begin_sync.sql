-- Lets one caller in five seconds ask Stripe about an organization, and tells what to ask (pf_inquiry). Null:
-- somebody did a moment ago, or there is nobody to ask for. If Stripe does not answer, call pf_fail_sync.
create or replace function billing.pf_begin_sync(org uuid, mode boolean) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- A subscription that somebody paid through a link comes without a customer of the organization's.
  insert into billing_private.syncs as y (org_id, livemode)
  select org, mode
  where exists (select from billing.customers c where c.org_id = org and c.livemode = mode)
    or exists (select from billing.subscriptions s where s.org_id = org and s.livemode = mode)
  on conflict (org_id, livemode) do update set synced_at = now()
    -- Later than now: the server's clock was wrong once.
    where y.synced_at <= now() - interval '5 seconds' or y.synced_at > now();
  if not found then
    return null;
  end if;
  return billing.pf_inquiry(org, mode);
end $$;
revoke all on function billing.pf_begin_sync(uuid, boolean) from public;
grant execute on function billing.pf_begin_sync(uuid, boolean) to service_role, billing_events;
