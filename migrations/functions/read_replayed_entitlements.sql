-- The same as read_entitlements, for a replica, with what the replica has replayed of the primary's log:
--   position  up to where; null: it does not say
--   lag_ms    how old the state is at most; null: not known
--   answer    what read_entitlements says; null for who is no member, and where the replica has not replayed
--             up to `wanted` (null: anything will do)
--
-- Volatile, so that its query has a snapshot of its own: what had been replayed before it is in it. The
-- snapshot of a stable function is its caller's, which is older.
drop function if exists billing.read_replayed_entitlements(uuid, uuid, pg_lsn);
create or replace function billing.read_replayed_entitlements(caller uuid, org uuid, wanted pg_lsn)
returns json language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  is_replica constant boolean := pg_is_in_recovery();
  replayed constant pg_lsn := case when is_replica then pg_last_wal_replay_lsn() end;
begin
  return (
    select json_build_object(
      -- It was promoted: then the position is the one at the end of the reading.
      'position', case when is_replica then replayed else pg_current_wal_insert_lsn() end,
      'lag_ms', case
        when not is_replica then 0
        -- Nothing is left to replay, and more would come.
        when replayed >= pg_last_wal_receive_lsn()
          and exists (select from pg_stat_get_wal_receiver() w where w.pid is not null) then 0
        else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000
      end::bigint,
      'answer', case
        when wanted is null
          or case when is_replica then replayed else pg_current_wal_insert_lsn() end >= wanted
        then billing.read_entitlements(caller, org) end));
end $$;
revoke all on function billing.read_replayed_entitlements(uuid, uuid, pg_lsn) from public;
grant execute on function billing.read_replayed_entitlements(uuid, uuid, pg_lsn)
  to service_role, billing_reader;
