-- Drops the months of the history that ended `days` ago, and tells how many of their rows are gone; with
-- `dry_run`, how many would be. The history begins where the last of them ended: what was so at that moment
-- is written there once more, and what was so at any later moment stays known.
--   past, at_most  a call looks at about so many rows, of the organizations after `past`; null: from the
--                  first on, and at all of them
--   next           the organization that it came to; null: the last, and the months are dropped
--   began          when the first of these calls was made, from which `days` are counted: else one that comes
--                  after midnight would drop a month that the calls before have not looked at
-- Whoever is interrupted begins anew.
drop function if exists billing.pf_prune_history(integer, uuid, bigint, boolean);
create or replace function billing.pf_prune_history(
  days integer, past uuid, at_most bigint, dry_run boolean, inout began timestamptz default now(),
  out removed bigint, out next uuid
) language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '300ms'
-- A plan for all values could not use the index for `past`.
set plan_cache_mode = force_custom_plan as $$
declare
  begins constant timestamptz := date_trunc('month',
    (began - make_interval(days => days)) at time zone 'UTC') at time zone 'UTC';
  month regclass;
begin
  if days < 31 or days is null or began > now() then
    raise exception 'the history of the last 31 days is kept' using errcode = 'invalid_parameter_value';
  end if;
  if at_most is not null then
    next := (select h.org_id from billing.history h
      where h.valid_from < begins and (past is null or h.org_id > past)
      order by h.org_id offset at_most limit 1);
  end if;
  with old as (
    select h.* from billing.history h
    where h.valid_from < begins and h.kind <> 'begin'
      and (past is null or h.org_id > past) and (next is null or h.org_id <= next)),
  last as (
    select distinct on (o.org_id, o.kind, o.key) o.* from old o order by o.org_id, o.kind, o.key, o.id desc),
  kept as (
    insert into billing.history (id, org_id, kind, key, state, cause, valid_from) overriding system value
    select l.id, l.org_id, l.kind, l.key, l.state, l.cause, begins from last l
    where l.state is not null and not dry_run
    -- It was, by one that was interrupted.
    on conflict do nothing)
  select (select count(*) from old) - (select count(*) from last l where l.state is not null) into removed;
  if next is null and not dry_run then
    update billing.history h set valid_from = begins
    where h.org_id = '00000000-0000-0000-0000-000000000000' and h.kind = 'begin' and h.valid_from < begins;
    delete from billing.history_other o where o.valid_from < begins;
    for month in select billing_private.months_until('billing.history', begins) loop
      -- Waits for nobody: who reads or writes at that moment comes first.
      execute format('drop table %s', month);
    end loop;
  end if;
end $$;
revoke all on function billing.pf_prune_history(integer, uuid, bigint, boolean, timestamptz) from public;
grant execute on function billing.pf_prune_history(integer, uuid, bigint, boolean, timestamptz)
  to service_role, billing_operator;
