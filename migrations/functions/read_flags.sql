-- Every flag of an organization and what decides it, for a user: no row, if they are no member.
--   role   owner, admin or member
--   flags  [{flag, enabled, source, expires_at, everybody}] as `sources_of` has them, by name; `expires_at`
--          in Unix seconds, null for `infinity` too
create or replace function billing.read_flags(caller uuid, org uuid) returns table (
  role text, plan_code text, flags jsonb
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp
-- As read_entitlements: a plan for these very values would be no better.
set plan_cache_mode = force_generic_plan as $$
begin
  return query
  select m.role, has.plan_code, told.flags
  from (
    select m.role from billing.members m
    where m.org_id = org and m.user_id = caller
    -- A members table may hold a person twice: the greater right counts.
    order by m.role <> 'owner', m.role <> 'admin' limit 1) m
  -- Not a part of the calls: else PostgreSQL could not put the functions' bodies in here.
  cross join (select l.live from billing_private.live_modes() as l (live) offset 0) modes
  cross join lateral billing_private.standing_of(org, modes.live) has
  cross join lateral (
    select jsonb_agg(jsonb_build_object('flag', f.feature, 'enabled', f.enabled, 'source', f.source,
      'expires_at', case when isfinite(f.expires_at) then extract(epoch from f.expires_at)::bigint end,
      'everybody', f.everybody)
      order by f.feature) as flags
    from billing_private.sources_of(org, modes.live) f) told;
end $$;
revoke all on function billing.read_flags(uuid, uuid) from public;
grant execute on function billing.read_flags(uuid, uuid) to service_role, billing_reader;
