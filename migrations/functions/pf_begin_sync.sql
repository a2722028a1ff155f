-- Lets one caller in five seconds ask Stripe about an organization, and tells what to ask (pf_inquiry). Null:
-- somebody did a moment ago, or there is no customer to ask for.
create or replace function billing.pf_begin_sync(org uuid, mode boolean) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update billing.customers c set synced_at = now()
  where c.org_id = org and c.livemode = mode
    and (c.synced_at is null or c.synced_at <= now() - interval '5 seconds');
  if not found then
    return null;
  end if;
  return billing.pf_inquiry(org, mode);
end $$;
revoke all on function billing.pf_begin_sync(uuid, boolean) from public;
grant execute on function billing.pf_begin_sync(uuid, boolean) to service_role, billing_events;
