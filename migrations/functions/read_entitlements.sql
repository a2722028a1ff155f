-- What an organization has, for a user: no row, if they are no member. One statement looks the membership up
-- and answers. `role` is owner, admin or member; `seats_used` counts the members; times are Unix seconds; a
-- null one is not known.
create or replace function billing.read_entitlements(caller uuid, org uuid) returns table (
  role text, plan_code text, status text, reason text, billing_interval text, interval_count integer,
  seats integer, current_period_end bigint, cancel_at bigint, grace_ends_at bigint, trial_ends_at bigint,
  collection_paused boolean, discounts jsonb, features jsonb, scheduled jsonb, seats_used integer
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp
-- A plan for these very values would be no better, and is made anew for each call.
set plan_cache_mode = force_generic_plan as $$
begin
  return query
  select m.role, has.*
  from (
    select m.role from billing.members m
    where m.org_id = org and m.user_id = caller
    -- A members table may hold a person twice: the greater right counts.
    order by m.role <> 'owner', m.role <> 'admin' limit 1) m
  cross join billing_private.standing_told(org) has;
end $$;
revoke all on function billing.read_entitlements(uuid, uuid) from public;
grant execute on function billing.read_entitlements(uuid, uuid) to service_role, billing_reader,
  billing_events;
