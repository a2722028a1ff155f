-- What an organization has, for the user whose claims are set: no row, if they are no member. Times are Unix
-- seconds; a null one is not known. PL/pgSQL, so that a connection plans it once: planning was two thirds of
-- a read.
create or replace function billing.read_entitlements(org uuid) returns table (
  plan_code text, status text, seats integer, current_period_end bigint, cancel_at bigint, grace_ends_at bigint,
  features jsonb
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  select
    p.plan_code,
    p.status,
    p.seats,
    extract(epoch from p.current_period_end)::bigint,
    extract(epoch from p.cancel_at)::bigint,
    extract(epoch from p.grace_ends_at)::bigint,
    (select jsonb_object_agg(e.feature, e.enabled) from billing.entitlements_effective e where e.org_id = p.org_id)
  from billing.plan_effective p
  where p.org_id = org;
end $$;
revoke all on function billing.read_entitlements(uuid) from public;
grant execute on function billing.read_entitlements(uuid) to authenticated, billing_viewer;
