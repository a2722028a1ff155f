-- Adds a row's new state to the history, in the commit that changes it. The trigger's arguments are the
-- columns that name the row and its organization (none: it is nobody's). Whoever works for an event or a
-- command says so before: set_config('billing.cause', ..., true). SECURITY DEFINER, because the history is
-- nobody's to write.
create or replace function billing_private.keep_history() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  -- Empty: it was set by an earlier transaction of the session.
  by_whom constant text := nullif(current_setting('billing.cause', true), '');
  nobody constant text := '00000000-0000-0000-0000-000000000000';
  before jsonb;
  after jsonb;
begin
  if tg_op = 'DELETE' then
    before := to_jsonb(old);
  elsif tg_op = 'UPDATE' and tg_nargs = 2 then
    -- It is another organization's now.
    if old.org_id <> new.org_id then
      before := to_jsonb(old);
    end if;
  end if;
  if before is not null then
    insert into billing.history (org_id, kind, key, cause)
    values (coalesce(before ->> tg_argv[1], nobody)::uuid, tg_table_name, before ->> tg_argv[0],
      by_whom);
  end if;
  if tg_op <> 'DELETE' then
    after := to_jsonb(new);
    insert into billing.history (org_id, kind, key, state, cause)
    values (coalesce(after ->> tg_argv[1], nobody)::uuid, tg_table_name, after ->> tg_argv[0], after,
      by_whom);
  end if;
  return null;
end $$;
revoke all on function billing_private.keep_history() from public;

drop trigger if exists keep_history on billing.plans;
create trigger keep_history after insert or delete on billing.plans
  for each row execute function billing_private.keep_history('plan_code');
drop trigger if exists keep_history_of_change on billing.plans;
create trigger keep_history_of_change after update on billing.plans
  for each row when (old.* is distinct from new.*) execute function billing_private.keep_history('plan_code');
drop trigger if exists keep_history on billing.subscriptions;
create trigger keep_history after insert or update or delete on billing.subscriptions
  for each row execute function billing_private.keep_history('stripe_subscription_id', 'org_id');
drop trigger if exists keep_history on billing.entitlements;
create trigger keep_history after insert or delete on billing.entitlements
  for each row execute function billing_private.keep_history('id', 'org_id');
drop trigger if exists keep_history_of_change on billing.entitlements;
create trigger keep_history_of_change after update on billing.entitlements
  for each row when (old.* is distinct from new.*)
  execute function billing_private.keep_history('id', 'org_id');

-- What there is when the history begins.
insert into billing.history (org_id, kind, key, state, cause)
select kept.* from (
  select '00000000-0000-0000-0000-000000000000'::uuid, 'begin', 'begin', null::jsonb, 'billing migrate'
  union all
  select '00000000-0000-0000-0000-000000000000', 'plans', p.plan_code, to_jsonb(p), 'billing migrate'
  from billing.plans p
  union all
  select s.org_id, 'subscriptions', s.stripe_subscription_id,
    to_jsonb(s), 'billing migrate'
  from billing.subscriptions s
  union all
  select e.org_id, 'entitlements', e.id::text, to_jsonb(e), 'billing migrate'
  from billing.entitlements e) kept
where not exists (select from billing.history);
