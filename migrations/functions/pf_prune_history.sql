-- Removes from the history what was over for `days`, at most `at_most` rows of it, and tells how many it
-- were; with `dry_run`, how many it would be. What was so at any later moment stays known.
create or replace function billing.pf_prune_history(days integer, at_most bigint, dry_run boolean)
returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  since constant timestamptz := now() - make_interval(days => days);
  over record;
begin
  if days < 31 or days is null then
    raise exception 'the history of the last 31 days is kept' using errcode = 'invalid_parameter_value';
  end if;
  select array_agg(o.org_id) as orgs, array_agg(o.id) as ids, count(*) as many into over
  from (
    -- The oldest first: a row that says that there was none goes after what it ended.
    select h.org_id, h.id
    from billing.history h
    where h.valid_from < since and h.kind <> 'begin' and (h.state is null or exists (
      select from billing.history next
      where next.org_id = h.org_id and next.id > h.id and next.kind = h.kind and next.key = h.key
        and next.valid_from <= since))
    order by h.id limit case when dry_run then null else at_most end) o;
  if not dry_run then
    delete from billing.history h using unnest(over.orgs, over.ids) as o (org_id, id)
    where h.org_id = o.org_id and h.id = o.id;
    update billing.history h set valid_from = since
    where h.org_id = '00000000-0000-0000-0000-000000000000' and h.kind = 'begin' and h.valid_from < since;
  end if;
  return over.many;
end $$;
revoke all on function billing.pf_prune_history(integer, bigint, boolean) from public;
grant execute on function billing.pf_prune_history(integer, bigint, boolean)
  to service_role, billing_operator;
