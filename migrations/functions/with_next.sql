-- A subscription's schedule, {id, next}, with what it sells next: {at, plan, interval, items}. Next is null
-- where nothing is to change; plan is null where nobody knows it. Where a snapshot only names the schedule,
-- it is as it was known before; else there is no `next`.
create or replace function billing_private.with_next(named jsonb, known jsonb) returns jsonb
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  sells billing.subscriptions;
begin
  if not named ? 'next' then
    return case when known -> 'id' = named -> 'id' then known else named end;
  end if;
  if jsonb_typeof(named -> 'next') = 'null' then
    return named;
  end if;
  sells := (select r.after from billing_private.snapshot_row(named -> 'next', null) r);
  return jsonb_set(named, '{next}', jsonb_build_object('at', named #> '{next,at}',
    'plan', case when sells.unknown_price is null then sells.plan_code end,
    'interval', sells.billing_interval, 'items', sells.items));
end $$;
revoke all on function billing_private.with_next(jsonb, jsonb) from public;
