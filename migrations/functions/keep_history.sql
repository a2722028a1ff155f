-- Adds a row's new state to the history, in the commit that changes it; and a row to the outbox, if what its
-- organization has may differ now. Every writer passes here. The trigger's arguments are the columns that
-- name the row and its organization (none: it is nobody's). Whoever works for an event or a command says so
-- before: set_config('billing.cause', ..., true). SECURITY DEFINER, because neither is anybody's to write.
-- One trigger, whose conditions stand inside: each call of one costs, and the text of a WHEN is read anew
-- each time.
create or replace function billing_private.keep_history() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  -- Empty: it was set by an earlier transaction of the session.
  by_whom constant text := nullif(current_setting('billing.cause', true), '');
  nobody constant text := '00000000-0000-0000-0000-000000000000';
  before jsonb;
  after jsonb;
  org uuid;
  mark text;
begin
  if tg_op = 'UPDATE' then
    if new is not distinct from old then
      return null;
    end if;
    if tg_nargs = 2 then
      -- It is another organization's now.
      if old.org_id <> new.org_id then
        before := to_jsonb(old);
      end if;
    end if;
  elsif tg_op = 'DELETE' then
    before := to_jsonb(old);
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
  if tg_table_name = 'entitlements' then
    org := case tg_op when 'DELETE' then old.org_id else new.org_id end;
  elsif tg_op = 'UPDATE' and tg_table_name = 'subscriptions' then
    -- One that comes changes a row of entitlements, too; so does one that begins or ceases to explain the
    -- plan. What changes most is looked at first: PostgreSQL prepares the whole of a condition.
    if (old.status, old.items, old.current_period_end)
      is distinct from (new.status, new.items, new.current_period_end)
    then
      org := new.org_id;
    elsif (old.pause_behavior, old.billing_interval, old.interval_count, old.discounts, old.schedule,
        old.cancel_at, old.grace_until, old.trial_end, old.unknown_price, old.bought)
      is distinct from (new.pause_behavior, new.billing_interval, new.interval_count, new.discounts,
        new.schedule, new.cancel_at, new.grace_until, new.trial_end, new.unknown_price, new.bought)
    then
      org := new.org_id;
    end if;
  end if;
  if org is not null then
    -- An event changes a subscription and what follows from it: one row tells both, with the id of
    -- billing_private.note_changes. A savepoint that is rolled back takes the mark with the row.
    mark := concat_ws(' ', org, now(), pg_current_xact_id());
    if current_setting('billing.noted', true) is distinct from mark then
      insert into billing.notifications (id, org_id, cause)
      values (md5(mark)::uuid, org, by_whom)
      on conflict (id) do nothing;
      mark := set_config('billing.noted', mark, true);
    end if;
  end if;
  return null;
end $$;
revoke all on function billing_private.keep_history() from public;

drop trigger if exists keep_history on billing.plans;
create trigger keep_history after insert or update or delete on billing.plans
  for each row execute function billing_private.keep_history('plan_code');
drop trigger if exists keep_history on billing.subscriptions;
create trigger keep_history after insert or update or delete on billing.subscriptions
  for each row execute function billing_private.keep_history('stripe_subscription_id', 'org_id');
drop trigger if exists keep_history on billing.entitlements;
create trigger keep_history after insert or update or delete on billing.entitlements
  for each row execute function billing_private.keep_history('id', 'org_id');

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
