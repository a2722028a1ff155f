-- Refuses to take away or rename a plan that an organization has or had. A foreign key would say the same.
-- But each event would lock the row that its key names, and all of them the few rows of `plans`. Here the
-- seldom case pays: nobody writes for any organization until the commit.
create or replace function billing_private.keep_plan() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' and new.plan_code = old.plan_code then
    return new;
  end if;
  perform from billing_private.organization_locks l order by l.slot for update;
  if exists (select from billing.subscriptions s where s.plan_code = old.plan_code)
    or exists (select from billing.entitlements e where e.plan_code = old.plan_code)
  then
    raise exception 'organizations have the plan %, or had it', old.plan_code
      using errcode = 'foreign_key_violation';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
revoke all on function billing_private.keep_plan() from public;
drop trigger if exists keep_plan on billing.plans;
create trigger keep_plan before update of plan_code or delete on billing.plans
  for each row execute function billing_private.keep_plan();
