-- Has the application told again what organizations have: these, those of which a row was written since a
-- moment, those of these rows. Answers {organizations, unknown}: how many they are, and the ids that no row
-- has.
create or replace function billing.pf_replay_notifications(
  orgs uuid[], since timestamptz, ids uuid[], by_whom text
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  noted bigint;
begin
  perform set_config('billing.cause', by_whom, true);
  noted := billing_private.note_changes(array(
    select unnest(orgs)
    union
    select n.org_id from billing.notifications n where n.created_at >= since
    union
    select n.org_id from billing.notifications n where n.id = any (ids)), true);
  return jsonb_build_object('organizations', noted, 'unknown', (
    select coalesce(jsonb_agg(one order by one), '[]') from unnest(ids) as one
    where not exists (select from billing.notifications n where n.id = one)));
end $$;
revoke all on function billing.pf_replay_notifications(uuid[], timestamptz, uuid[], text) from public;
grant execute on function billing.pf_replay_notifications(uuid[], timestamptz, uuid[], text)
  to service_role, billing_operator;
