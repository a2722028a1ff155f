-- The mode whose payments count, as `live_modes` says it. SECURITY DEFINER, because a member sees only their
-- own organization's rows.
create or replace function billing_private.livemode() returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return (select l.live from billing_private.live_modes() l (live));
end $$;
revoke all on function billing_private.livemode() from public;
grant execute on function billing_private.livemode()
  to authenticated, service_role, billing_viewer, billing_operator;
