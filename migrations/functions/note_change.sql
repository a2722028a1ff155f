-- Notes that an organization's entitlements changed, in the commit that changes them: every writer passes
-- these triggers. What changes nothing that an answer says costs nothing. SECURITY DEFINER, because the
-- outbox is nobody's to write.
create or replace function billing_private.note_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  org uuid;
  mark text;
  noted bigint;
begin
  if tg_op = 'DELETE' then
    org := old.org_id;
  else
    org := new.org_id;
  end if;
  -- An event changes a subscription and what follows from it: one row tells both. A savepoint that is rolled
  -- back takes the mark with the row.
  mark := org || ' ' || pg_current_xact_id();
  if current_setting('billing.noted', true) is distinct from mark then
    noted := billing_private.note_changes(array[org]);
    mark := set_config('billing.noted', mark, true);
  end if;
  return null;
end $$;
revoke all on function billing_private.note_change() from public;

drop trigger if exists note_change on billing.entitlements;
create trigger note_change after insert or delete on billing.entitlements
  for each row execute function billing_private.note_change();
drop trigger if exists note_change_of_row on billing.entitlements;
create trigger note_change_of_row after update on billing.entitlements
  for each row when (old.* is distinct from new.*) execute function billing_private.note_change();
-- One that begins or ceases to explain the plan changes a row of entitlements, too.
drop trigger if exists note_change_of_row on billing.subscriptions;
create trigger note_change_of_row after update on billing.subscriptions
  for each row when (
    (old.status, old.pause_behavior, old.billing_interval, old.interval_count, old.discounts, old.schedule,
      old.current_period_end, old.cancel_at, old.grace_until, old.trial_end, old.unknown_price, old.items,
      old.bought)
    is distinct from (new.status, new.pause_behavior, new.billing_interval, new.interval_count, new.discounts,
      new.schedule, new.current_period_end, new.cancel_at, new.grace_until, new.trial_end, new.unknown_price,
      new.items, new.bought))
  execute function billing_private.note_change();
