-- After a change of the catalogue: what becomes of the plans' versions. `was`: the plans before. `for_new`:
-- who has bought a plan keeps what it was; what everybody has changes for everybody. Else the change counts
-- in each version; of the flags the table's own trigger takes care.
create or replace function billing_private.keep_versions(was billing.plans[], for_new boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if for_new and exists (
    select from billing.plans p
    join unnest(was) w using (plan_code)
    where p.plan_code = 'pilot' and (p.seats_included <> w.seats_included or exists (
      select from jsonb_each(p.features || w.features) f
      where coalesce(p.features -> f.key, 'false') <> coalesce(w.features -> f.key, 'false')))) then
    raise exception 'everybody has the plan pilot, and nobody bought it: apply its change without --for new'
      using errcode = 'invalid_parameter_value';
  end if;
  update billing.plans p
  set versions = case
    -- A flag that there is no more is in none.
    when for_new then (
      select jsonb_agg(v.version || jsonb_build_object('features', (
        select coalesce(jsonb_object_agg(f.key, f.value), '{}')
        from jsonb_each(v.version -> 'features') f where everybody.features ? f.key)) order by v.place)
      from jsonb_array_elements(w.versions || jsonb_build_object('until', now(), 'seats', w.seats_included,
        'features', w.features)) with ordinality v (version, place))
    else (select jsonb_agg(v.version || jsonb_build_object('seats', p.seats_included) order by v.place)
      from jsonb_array_elements(p.versions) with ordinality v (version, place)) end
  from unnest(was) w, billing.plans everybody
  where everybody.plan_code = 'pilot' and p.plan_code = w.plan_code and p.plan_code <> 'pilot'
    and case when for_new then (p.features, p.seats_included) is distinct from (w.features, w.seats_included)
      else p.seats_included <> w.seats_included and p.versions <> '[]' end;
end $$;
revoke all on function billing_private.keep_versions(billing.plans[], boolean) from public;
