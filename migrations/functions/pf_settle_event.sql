-- Nothing of an event is to be done any more: what was noted of it as failed is settled. It was ignored,
-- unless it is processed under another time, because its own could not be read at first.
create or replace function billing.pf_settle_event(event_id text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '300ms' as $$
begin
  delete from billing.webhook_events w
  where w.event_id = pf_settle_event.event_id and w.status = 'failed' and exists (
    select from billing.webhook_events p
    where p.event_id = pf_settle_event.event_id and p.status = 'processed');
  update billing.webhook_events w
  set status = 'processed', outcome = 'ignored', error_code = null, next_retry_at = null,
    processed_at = now(), last_attempt_at = now(), attempts = w.attempts + 1
  where w.event_id = pf_settle_event.event_id and w.status = 'failed';
end $$;
revoke all on function billing.pf_settle_event(text) from public;
grant execute on function billing.pf_settle_event(text) to service_role, billing_events, billing_operator;
