-- What a change from one catalogue to another does, as a list of {plan, feature, effect, by, organizations,
-- ids}.
--   classes      {org, many, ids} each: one of the organizations that have the same, how many they are, which
--   was, is_now  what that one has before and after (billing_private.standings)
--   plan         the one that the organizations have before
--   feature      a flag, `seats` or `plan`
--   effect       gains; loses; moves, to the plan in `by`; stays, where the plans say something else now, and
--                an override, add-on or trial (`by`) decides
create or replace function billing_private.catalogue_effects(
  classes jsonb[], was jsonb[], is_now jsonb[], before jsonb, after jsonb, mode boolean
) returns jsonb language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
    with class as (
      select (c.class ->> 'org')::uuid as org, (c.class ->> 'many')::bigint as many, c.class -> 'ids' as ids,
        c.was ->> 'plan' as plan, c.is_now ->> 'plan' as plan_now, (c.was ->> 'seats')::integer as seats,
        (c.is_now ->> 'seats')::integer as seats_now, c.was -> 'features' as features,
        c.is_now -> 'features' as features_now
      from unnest(classes, was, is_now) as c (class, was, is_now)),
    flags as (
      select jsonb_object_keys(before -> 'flags') as flag
      union
      select jsonb_object_keys(after -> 'flags')),
    -- Those of which some plan says something else now.
    changed as (
      select f.flag from flags f
      where exists (
        select from (
          select jsonb_object_keys(before -> 'plans') as code
          union
          select jsonb_object_keys(after -> 'plans')) p
        where coalesce(before #>> array['plans', p.code, 'flags', f.flag], 'false')
          <> coalesce(after #>> array['plans', p.code, 'flags', f.flag], 'false'))),
    effects as (
      select c.plan, f.flag as feature, case when now_on.so then 'gains' else 'loses' end as effect,
        null as by, c.many, c.ids
      from class c
      cross join flags f
      cross join lateral (select coalesce((c.features ->> f.flag)::boolean, false) as so) on_before
      cross join lateral (select coalesce((c.features_now ->> f.flag)::boolean, false) as so) now_on
      where on_before.so <> now_on.so
      union all
      select c.plan, f.flag, 'stays', other.source, c.many, c.ids
      from class c
      cross join changed f
      cross join lateral (
        select e.source from billing.entitlements e
        where e.org_id = c.org and e.feature = f.flag and (e.livemode is null or e.livemode = mode)
          and (e.expires_at is null or e.expires_at > now())
        order by e.source = 'override' desc, e.source limit 1) other
      cross join lateral (
        select coalesce(bool_or((before #>> array['plans', p.code, 'flags', f.flag])::boolean), false)
            as so_before,
          coalesce(bool_or((after #>> array['plans', p.code, 'flags', f.flag])::boolean), false) as so_now
        from (
          select 'pilot' as code
          union all
          select e.plan_code from billing.entitlements e
          where e.org_id = c.org and e.source = 'plan' and e.livemode = mode
            and (e.expires_at is null or e.expires_at > now())) p) said
      where said.so_before <> said.so_now
        and coalesce((c.features ->> f.flag)::boolean, false)
          = coalesce((c.features_now ->> f.flag)::boolean, false)
      union all
      select c.plan, 'seats', case when c.seats_now > c.seats then 'gains' else 'loses' end, null, c.many,
        c.ids
      from class c where c.seats_now <> c.seats
      union all
      select c.plan, 'plan', 'moves', c.plan_now, c.many, c.ids
      from class c where c.plan_now <> c.plan)
    select coalesce(jsonb_agg(to_jsonb(line) order by line.plan, line.feature, line.effect, line.by), '[]')
    from (
      select e.plan, e.feature, e.effect, e.by, sum(e.many)::bigint as organizations,
        coalesce(jsonb_agg(e.ids) filter (where e.ids <> 'null'), '[]') as ids
      from effects e group by e.plan, e.feature, e.effect, e.by) line);
end $$;
revoke all on function billing_private.catalogue_effects(jsonb[], jsonb[], jsonb[], jsonb, jsonb, boolean)
  from public;
