-- What each of these organizations has in a mode, in their order: {plan, seats, features}, as `standing_of`
-- says it.
create or replace function billing_private.standings(orgs uuid[], mode boolean) returns jsonb[]
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    select coalesce(array_agg(jsonb_build_object('plan', has.plan_code, 'seats', has.seats,
      'features', has.features) order by o.n), '{}')
    from unnest(orgs) with ordinality as o (id, n)
    cross join lateral billing_private.standing_of(o.id, mode) has);
end $$;
revoke all on function billing_private.standings(uuid[], boolean) from public;
