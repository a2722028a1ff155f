-- Adds a row to the outbox for each of these organizations, once in a transaction: the id says of which.
-- Answers how many are new.
create or replace function billing_private.note_changes(orgs uuid[], replayed boolean default false)
returns bigint language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  -- Empty: it was set by an earlier transaction of the session.
  by_what constant text := nullif(current_setting('billing.cause', true), '');
  -- The number alone could come again in a database that was restored.
  transaction constant text := concat_ws(' ', now(), pg_current_xact_id());
  noted bigint;
begin
  insert into billing.notifications (id, org_id, cause, replayed)
  select md5(concat_ws(' ', one, transaction))::uuid, one, by_what, note_changes.replayed
  from unnest(orgs) as one
  on conflict (id) do nothing;
  get diagnostics noted = row_count;
  return noted;
end $$;
revoke all on function billing_private.note_changes(uuid[], boolean) from public;
