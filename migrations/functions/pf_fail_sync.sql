-- Says that Stripe did not answer what pf_begin_sync let somebody ask so many milliseconds ago: the next may
-- ask after a second. If somebody asked since, theirs counts.
drop function if exists billing.pf_fail_sync(uuid, boolean);
create or replace function billing.pf_fail_sync(org uuid, mode boolean, milliseconds bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update billing_private.syncs y set synced_at = now() - interval '4 seconds'
  where y.org_id = org and y.livemode = mode
    and y.synced_at <= now() - make_interval(secs => milliseconds / 1000.0) + interval '1 second';
end $$;
revoke all on function billing.pf_fail_sync(uuid, boolean, bigint) from public;
grant execute on function billing.pf_fail_sync(uuid, boolean, bigint) to service_role, billing_events;
