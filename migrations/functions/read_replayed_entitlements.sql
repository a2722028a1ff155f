-- The same as read_entitlements, for a replica: one row, with what the replica has replayed of the primary's
-- log. `role` is null for who is no member, and where the replica has not replayed up to `wanted` (null:
-- anything will do). `lag_ms` is how old the state is at most; null: not known.
--
-- Volatile, so that its query has a snapshot of its own: what had been replayed before it is in it. The
-- snapshot of a stable function is its caller's, which is older.
create or replace function billing.read_replayed_entitlements(caller uuid, org uuid, wanted pg_lsn)
returns table (
  log_position pg_lsn, lag_ms bigint,
  role text, plan_code text, status text, reason text, billing_interval text, interval_count integer,
    seats integer,
  current_period_end bigint, cancel_at bigint, grace_ends_at bigint, trial_ends_at bigint,
    collection_paused boolean,
  discounts jsonb, features jsonb, scheduled jsonb, seats_used integer
) language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  is_replica constant boolean := pg_is_in_recovery();
  replayed constant pg_lsn := case when is_replica then pg_last_wal_replay_lsn() end;
begin
  return query
  select
    -- It was promoted: then the position is the one at the end of the reading.
    case when is_replica then replayed else pg_current_wal_insert_lsn() end,
    case
      when not is_replica then 0
      -- Nothing is left to replay, and more would come.
      when replayed >= pg_last_wal_receive_lsn()
        and exists (select from pg_stat_get_wal_receiver() w where w.pid is not null) then 0
      else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000
    end::bigint,
    r.*
  from (select) as always
  left join billing.read_entitlements(caller, org) r
    on wanted is null or case when is_replica then replayed else pg_current_wal_insert_lsn() end >= wanted;
end $$;
revoke all on function billing.read_replayed_entitlements(uuid, uuid, pg_lsn) from public;
grant execute on function billing.read_replayed_entitlements(uuid, uuid, pg_lsn)
  to service_role, billing_reader;
