-- A trigger function for the application's own table of members: it refuses a member for whom there is no
-- seat. Nobody calls it unless the application makes a trigger of it (docs/ADOPT.md). The trigger's one
-- argument names the column that says which organization a row belongs to. Fires after the row is written;
-- members are counted as `billing.members` has them. Who is a member already stays one.
create or replace function billing.check_seats() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  org constant uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
  used bigint;
  paid integer;
begin
  -- A trigger that was made wrong would let everybody in.
  if (to_jsonb(new) ? tg_argv[0]) is not true then
    raise exception 'check_seats takes the name of a column of %, not %', tg_relid::regclass, tg_argv[0]
      using errcode = 'undefined_column';
  end if;
  if org is null then
    return null;
  end if;
  -- Two at once would both find the last seat. A key of its own: no event waits for it.
  perform billing_private.lock_organizations(array[md5('seats ' || org)::uuid]);
  select count(distinct m.user_id) into used from billing.members m where m.org_id = org;
  select has.seats into paid
  from billing_private.live_modes() as modes (live)
  cross join lateral billing_private.standing_of(org, modes.live) has;
  if used > paid then
    raise exception 'no free seat: % members, % seats', used, paid
      using errcode = 'check_violation', constraint = 'members_have_seats',
        hint = 'Buy more seats, or remove a member first.';
  end if;
  return null;
end $$;
revoke all on function billing.check_seats() from public;
grant execute on function billing.check_seats() to service_role;
