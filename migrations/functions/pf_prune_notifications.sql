-- Removes rows of the outbox that have been over for 30 days, and those that waited for a week because nobody
-- is told, at most `at_most` of them. Answers how many.
create or replace function billing.pf_prune_notifications(at_most bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  removed bigint;
begin
  delete from billing.notifications n using (
    select old.id from billing.notifications old
    where old.created_at < now() - interval '7 days'
      -- What was tried is given up by its own time, and counted.
      and (old.next_attempt_at is not null and old.first_attempt_at is null
        or coalesce(old.delivered_at, old.given_up_at) < now() - interval '30 days')
    limit at_most) old
  where n.id = old.id;
  get diagnostics removed = row_count;
  return removed;
end $$;
revoke all on function billing.pf_prune_notifications(bigint) from public;
grant execute on function billing.pf_prune_notifications(bigint) to service_role, billing_operator;
