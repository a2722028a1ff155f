-- Says that what pf_begin_sync let somebody ask had no answer: whoever asks next may ask Stripe at once.
create or replace function billing.pf_fail_sync(org uuid, mode boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from billing_private.syncs y where y.org_id = org and y.livemode = mode;
end $$;
revoke all on function billing.pf_fail_sync(uuid, boolean) from public;
grant execute on function billing.pf_fail_sync(uuid, boolean) to service_role, billing_events;
