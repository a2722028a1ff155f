-- Takes what is due of the outbox, of at most so many organizations, for so many seconds: then it is due
-- again, unless pf_settle_notifications says what became of it. One row for each organization, with all that
-- entitlements.changed says:
--   id, version   the message's. The version is taken here, where one works at a time, in the snapshot of the
--                 answer: of two messages the one with the greater version says what was so later. (Taken
--                 where the row is written, it would have to be under the organization's lock, and a change
--                 of the catalogue would hold all of them.)
--   post, put     the application's URL lacks it; the event bus does
--   answer        as billing_private.standing_told says it
-- What says nothing else than the last message, which arrived, is removed and not answered.
drop function if exists billing.pf_claim_notifications(integer, integer);
create or replace function billing.pf_claim_notifications(at_most integer, lease_seconds integer)
returns table (
  id uuid, version bigint, org_id uuid, post boolean, put boolean, answer jsonb
) language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
#variable_conflict use_column
declare
  orgs uuid[];
begin
  perform from billing_private.notifier for update;
  -- Until something is left to tell, or nothing is due.
  loop
    orgs := array(
      select due.org_id from (
        select n.org_id from billing.notifications n
        where n.next_attempt_at <= clock_timestamp() order by n.next_attempt_at limit at_most) due
      group by due.org_id);
    if orgs = '{}' then
      return;
    end if;
    delete from billing.notifications n
    using unnest(orgs) as o (org)
    cross join lateral billing_private.standing_told(o.org) has
    cross join lateral (
      select last.delivered_at, last.answer_sha256 from billing.notifications last
      where last.org_id = o.org and last.version is not null
      order by last.version desc limit 1) last
    where n.org_id = o.org and n.next_attempt_at is not null and last.delivered_at is not null
      and last.answer_sha256 = sha256(convert_to(to_jsonb(has)::text, 'UTF8'))
      and not exists (
        select from billing.notifications asked
        where asked.org_id = o.org and asked.next_attempt_at is not null and asked.replayed);
    exit when exists (
      select from billing.notifications n where n.org_id = any (orgs) and n.next_attempt_at is not null);
  end loop;
  -- Milliseconds at least: in a database that was restored, too, they go on where the lost one was.
  version := setval('billing_private.notification_versions', greatest(
    nextval('billing_private.notification_versions'),
    (extract(epoch from clock_timestamp()) * 1000)::bigint));
  return query
  with waiting as (
    select n.org_id, nextval('billing_private.notification_versions') as version
    from unnest(orgs) as o (org)
    join billing.notifications n on n.org_id = o.org and n.next_attempt_at is not null
    group by n.org_id),
  answers as (
    select w.version, w.org_id, told.answer, sha256(convert_to(told.answer::text, 'UTF8')) as answer_sha256
    from waiting w
    cross join lateral (
      select to_jsonb(has) as answer from billing_private.standing_told(w.org_id) has) told),
  taken as (
    update billing.notifications n set
      attempts = n.attempts + 1, version = a.version, answer_sha256 = a.answer_sha256,
      first_attempt_at = coalesce(n.first_attempt_at, now()), last_attempt_at = now(),
      next_attempt_at = clock_timestamp() + make_interval(secs => lease_seconds),
      -- Another answer than the one that arrived there has not.
      posted_at = case when n.answer_sha256 = a.answer_sha256 then n.posted_at end,
      put_at = case when n.answer_sha256 = a.answer_sha256 then n.put_at end
    from answers a
    where n.org_id = a.org_id and n.next_attempt_at is not null
    returning n.org_id, n.id, n.created_at, n.posted_at, n.put_at),
  messages as (
    select t.org_id, (array_agg(t.id order by t.created_at desc, t.id))[1] as id,
      bool_or(t.posted_at is null) as post, bool_or(t.put_at is null) as put
    from taken t group by t.org_id)
  select m.id, a.version, m.org_id, m.post, m.put, a.answer
  from messages m join answers a on a.org_id = m.org_id;
end $$;
revoke all on function billing.pf_claim_notifications(integer, integer) from public;
grant execute on function billing.pf_claim_notifications(integer, integer) to service_role, billing_operator;
