-- Notes that Stripe does not have the event any more (it keeps them for 30 days), so that nobody asks for it
-- again.
create or replace function billing.pf_event_gone(event_id text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update billing.webhook_events w
  set status = 'failed', error_code = 'gone_at_stripe', next_retry_at = null, last_attempt_at = now()
  where w.event_id = pf_event_gone.event_id and w.status <> 'processed';
end $$;
revoke all on function billing.pf_event_gone(text) from public;
grant execute on function billing.pf_event_gone(text) to service_role, billing_operator;
