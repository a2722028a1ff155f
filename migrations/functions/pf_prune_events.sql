-- Drops the months of events that ended `days` ago, and tells how many events that were; with `dry_run`, how
-- many it would be. Also makes the months to come. The events of the last 31 days stay: Stripe may send one
-- again for so long, and its row is what tells that it is a duplicate.
drop function if exists billing.pf_prune_events(integer, bigint);
create or replace function billing.pf_prune_events(days integer, dry_run boolean) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '300ms' as $$
declare
  since constant timestamptz := now() - make_interval(days => days);
  month regclass;
  events bigint;
  removed bigint;
begin
  if days < 31 or days is null then
    raise exception 'events of the last 31 days are kept' using errcode = 'invalid_parameter_value';
  end if;
  select count(*) into removed from billing.webhook_events_other o where o.stripe_created_at < since;
  if not dry_run then
    perform billing_private.make_months();
    delete from billing.webhook_events_other o where o.stripe_created_at < since;
  end if;
  for month in select billing_private.months_until('billing.webhook_events', since) loop
    execute format('select count(*) from %s', month) into events;
    removed := removed + events;
    if not dry_run then
      -- Waits for nobody: who reads or writes events at that moment comes first.
      execute format('drop table %s', month);
    end if;
  end loop;
  return removed;
end $$;
revoke all on function billing.pf_prune_events(integer, boolean) from public;
grant execute on function billing.pf_prune_events(integer, boolean) to service_role, billing_operator;
