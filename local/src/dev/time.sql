-- The database of the local stack goes by the stack's time. Only the superuser of a server can do this, and
-- only cargo dev does, in the database that it made: no migration and no function knows of it.
--
-- What calls now() or clock_timestamp() was bound to them when it was made. So they are replaced in
-- place. The planner puts the new body wherever the old function was called.
create schema if not exists local_clock;
grant usage on schema local_clock to public;

create or replace function local_clock.ahead() returns interval
language sql stable security definer set search_path = '' as $$
  select coalesce(pg_catalog.pg_read_file('{{file}}', 0, 32, true)::bigint, 0) * interval '1 ms'
$$;

set allow_system_table_mods = on;

create or replace function pg_catalog.now() returns timestamptz language sql stable as $$
  select pg_catalog.transaction_timestamp() operator(pg_catalog.+) local_clock.ahead()
$$;

create or replace function pg_catalog.clock_timestamp() returns timestamptz language sql volatile as $$
  select pg_catalog.timeofday()::pg_catalog.timestamptz operator(pg_catalog.+) local_clock.ahead()
$$;

reset allow_system_table_mods;
