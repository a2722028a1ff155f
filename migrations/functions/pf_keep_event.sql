-- Keeps an event that could not be worked on at all, with the reason:
--   event   id, type, created, livemode, api_version, as far as they could be read; created may be null
--   signed  Stripe's signature is good. If not, anybody may have sent it: then nothing that is known of the
--           event is changed, and a thousand such events are the most that are kept.
-- What has no id of Stripe's is kept for people to look at: nobody can ask Stripe for it.
create or replace function billing.pf_keep_event(event jsonb, reason text, signed boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '300ms' as $$
declare
  id constant text := event ->> 'id';
  -- Without a time of its own, one that is the same when it comes again.
  made constant bigint := coalesce((event ->> 'created')::bigint, extract(epoch from coalesce((
    select max(w.stripe_created_at) from billing.webhook_events w where w.event_id = id),
    date_trunc('month', now(), 'UTC')))::bigint);
begin
  if not signed and (
    to_timestamp(made) not between now() - interval '31 days' and now() + interval '1 hour'
    or exists (select from billing.webhook_events w where w.event_id = id)
    or (select count(*) from (select from billing.webhook_events w
      where w.status = 'failed' and w.error_code = reason limit 1000) as kept) >= 1000)
  then
    return;
  end if;
  perform billing.pf_fail_event(event || jsonb_build_object('created', made), reason, null);
  if id not like 'evt\_%' then
    update billing.webhook_events w set next_retry_at = null where w.event_id = id and w.status = 'failed';
  end if;
end $$;
revoke all on function billing.pf_keep_event(jsonb, text, boolean) from public;
grant execute on function billing.pf_keep_event(jsonb, text, boolean)
  to service_role, billing_events, billing_operator;
