-- What an organization has, for a user: no row, if they are no member. One statement looks the membership up
-- and answers. `role` is owner, admin or member; times are Unix seconds; a null one is not known.
create or replace function billing.read_entitlements(caller uuid, org uuid) returns table (
  role text, plan_code text, status text, reason text, billing_interval text, interval_count integer,
    seats integer,
  current_period_end bigint, cancel_at bigint, grace_ends_at bigint, trial_ends_at bigint,
    collection_paused boolean,
  discounts jsonb, features jsonb
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  mode constant boolean := billing_private.livemode();
begin
  return query
  select
    m.role,
    p.plan_code,
    p.status,
    p.reason,
    p.billing_interval,
    p.interval_count,
    p.seats,
    extract(epoch from p.current_period_end)::bigint,
    extract(epoch from p.cancel_at)::bigint,
    extract(epoch from p.grace_ends_at)::bigint,
    extract(epoch from p.trial_ends_at)::bigint,
    p.collection_paused,
    p.discounts,
    billing_private.features_of(org, mode)
  from (
    select m.role from billing.members m
    where m.org_id = org and m.user_id = caller
    -- A members table may hold a person twice: the greater right counts.
    order by m.role <> 'owner', m.role <> 'admin' limit 1) m
  cross join billing_private.plan_of(org, mode) p;
end $$;
revoke all on function billing.read_entitlements(uuid, uuid) from public;
grant execute on function billing.read_entitlements(uuid, uuid) to service_role, billing_reader,
  billing_events;
