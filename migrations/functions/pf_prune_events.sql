-- Removes events that nobody touched for `days`, at most `at_most` of them, and tells how many it were. An
-- event of the last 31 days stays: Stripe may send it again for so long, and its row is what tells that it is
-- a duplicate.
create or replace function billing.pf_prune_events(days integer, at_most bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  removed bigint;
begin
  if days < 31 or days is null then
    raise exception 'events of the last 31 days are kept' using errcode = 'invalid_parameter_value';
  end if;
  delete from billing.webhook_events w using (
    select old.event_id from billing.webhook_events old
    where old.last_attempt_at < now() - make_interval(days => pf_prune_events.days)
    order by old.last_attempt_at limit at_most) as old
  where w.event_id = old.event_id;
  get diagnostics removed = row_count;
  return removed;
end $$;
revoke all on function billing.pf_prune_events(integer, bigint) from public;
grant execute on function billing.pf_prune_events(integer, bigint) to service_role, billing_operator;
