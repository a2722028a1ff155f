-- A trigger function for the application's own table of members: it refuses a member for whom there is no
-- seat. Nobody calls it unless the application makes a trigger of it (docs/ADOPT.md). The trigger's one
-- argument names the column that says which organization a row belongs to. Fires after the row is written;
-- members are counted as `billing.members` has them. Who is a member already stays one.
-- Only that column is looked at, and only if its type is PostgreSQL's own: to write the row down would call
-- what its owner made of a type of theirs, with the rights of this function.
create or replace function billing.check_seats() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  kind oid;
  org uuid;
  used bigint;
  paid integer;
begin
  -- A trigger that was made wrong would let everybody in.
  select a.atttypid into kind from pg_attribute a
  where a.attrelid = tg_relid and a.attname = tg_argv[0]::name and a.attnum > 0 and not a.attisdropped;
  while exists (select from pg_type t where t.oid = kind and t.typtype = 'd') loop
    kind := (select t.typbasetype from pg_type t where t.oid = kind);
  end loop;
  if kind in ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) is not true then
    raise exception 'check_seats takes the name of a column of %, of type uuid or text, not %',
      tg_relid::regclass, tg_argv[0] using errcode = 'undefined_column';
  end if;
  execute format('select ($1).%I::uuid', tg_argv[0]) into org using new;
  if org is null then
    return null;
  end if;
  -- Two at once would both find the last seat. A key of its own: no event waits for it. Written, and not only
  -- locked: at a higher level than READ COMMITTED the second one then fails, and does not count without the
  -- first. Once in a transaction is enough.
  update billing_private.organization_locks l set slot = l.slot
  where l.slot = (hashtextextended('seats ' || org, 0) & 16383)::integer
    and l.xmin <> pg_current_xact_id()::xid;
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
