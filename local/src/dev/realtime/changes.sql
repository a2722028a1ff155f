-- Has the database of the local stack say which row has changed: what Supabase Realtime reads from the log of
-- the server. Only the keys are said here. What a listener may see of the row is read as that listener.
create schema if not exists local_realtime;

create or replace function local_realtime.tell() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform pg_catalog.pg_notify('local_realtime', pg_catalog.jsonb_build_object(
    'table', tg_table_name,
    'type', tg_op,
    'at', pg_catalog.now(),
    'key', (
      select pg_catalog.jsonb_object_agg(key, pg_catalog.to_jsonb(new) -> key)
      from pg_catalog.unnest(tg_argv) as key
    ))::text);
  return null;
end $$;

do $$
declare
  told regclass;
  keys text;
begin
  foreach told in array array['billing.entitlements', 'billing.subscriptions']::regclass[] loop
    select string_agg(quote_literal(a.attname), ', ') into keys
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
    where i.indrelid = told and i.indisprimary;
    execute format('create or replace trigger local_realtime after insert or update on %s for each row '
      'execute function local_realtime.tell(%s)', told, keys);
  end loop;
end $$;
