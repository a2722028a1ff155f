-- Notes what became of messages: [{org, version, posted, put, done, gone, error, retry_after}]. posted, put:
-- the URL has it now, or the bus. done: every destination does. gone: the URL is gone for good. error: why
-- one does not have it. retry_after: so many seconds it is not to be asked again, or null. What is not done
-- is due again, later each time, for three days. Answers how many rows are delivered, and how many given up.
create or replace function billing.pf_settle_notifications(outcomes jsonb)
returns table (delivered bigint, given_up bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  settled record;
begin
  perform from billing_private.notifier for update;
  with outcome as (
    select * from jsonb_to_recordset(outcomes) as o (org uuid, version bigint, posted boolean, put boolean,
      done boolean, gone boolean, error text, retry_after double precision)),
  judged as (
    select n.id, o.posted, o.put, coalesce(o.done, false) as done, o.error,
      o.done is not true and (o.gone is true or n.first_attempt_at <= now() - interval '3 days') as lost,
      greatest(
        -- Seconds, a fifth more or less, so that what failed together does not come back together.
        (array[5, 60, 300, 1800, 7200, 18000, 36000])[least(n.attempts, 7)] * (0.8 + 0.4 * random()),
        least(coalesce(o.retry_after, 0), 86400)) as pause
    from outcome o
    join billing.notifications n
      on n.org_id = o.org and n.version = o.version and n.next_attempt_at is not null),
  written as (
    update billing.notifications n set
      posted_at = case when j.posted then now() else n.posted_at end,
      put_at = case when j.put then now() else n.put_at end,
      delivered_at = case when j.done then now() end,
      given_up_at = case when j.lost then now() end,
      next_attempt_at = case when not (j.done or j.lost)
        then clock_timestamp() + make_interval(secs => j.pause) end,
      last_error = j.error
    from judged j where n.id = j.id
    returning n.delivered_at, n.given_up_at)
  select count(w.delivered_at) as delivered, count(w.given_up_at) as given_up into settled from written w;
  -- What was given up before is told with what is newer.
  update billing.notifications n set delivered_at = now(), given_up_at = null
  from jsonb_to_recordset(outcomes) as o (org uuid, version bigint, done boolean)
  where o.done and n.org_id = o.org and n.given_up_at is not null and n.version < o.version;
  -- Nobody is to know that there was an organization that was forgotten.
  delete from billing.notifications n
  using jsonb_to_recordset(outcomes) as o (org uuid, done boolean)
  where o.done and n.org_id = o.org and n.delivered_at is not null and billing_private.is_forgotten(o.org);
  return query select settled.delivered, settled.given_up;
end $$;
revoke all on function billing.pf_settle_notifications(jsonb) from public;
grant execute on function billing.pf_settle_notifications(jsonb) to service_role, billing_operator;
