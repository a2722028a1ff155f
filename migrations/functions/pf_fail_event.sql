-- Notes an attempt that failed, with the organization that the event names, if the application has it.
-- Nothing else is changed; an event that is processed stays so.
create or replace function billing.pf_fail_event(event jsonb, error_code text, org uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '300ms' as $$
begin
  insert into billing.webhook_events as w
    (event_id, type, livemode, api_version, stripe_created_at, org_id, status, error_code, next_retry_at)
  select e.id, e.type, e.livemode, e.api_version,
    coalesce((select w.stripe_created_at from billing.webhook_events w
      where w.event_id = e.id
        and w.stripe_created_at between e.created - interval '1 hour' and e.created + interval '1 hour'
      order by w.status desc limit 1), e.created),
    (select o.id from billing.organizations o where o.id = org), 'failed', pf_fail_event.error_code,
    now() + interval '1 minute'
  from (
    select e.id, e.type, to_timestamp(e.created) as created, e.livemode, e.api_version
    from jsonb_to_record(event) as e (
      id text, type text, created bigint, livemode boolean, api_version text)) e
  on conflict (event_id, stripe_created_at) do update set
    status = 'failed',
    error_code = excluded.error_code,
    org_id = coalesce(excluded.org_id, w.org_id),
    attempts = w.attempts + 1,
    last_attempt_at = now(),
    next_retry_at = now() + least(interval '1 minute' * 2 ^ least(w.attempts, 9), interval '6 hours')
    where w.status <> 'processed';
end $$;
revoke all on function billing.pf_fail_event(jsonb, text, uuid) from public;
grant execute on function billing.pf_fail_event(jsonb, text, uuid)
  to service_role, billing_events, billing_operator;
