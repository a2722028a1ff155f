-- Makes the partitions of events that are missing: of last month, which Stripe may still tell of, of this one
-- and of the next two. Events that came before their partition move there.
create or replace function billing_private.make_event_months() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  this constant timestamp := date_trunc('month', now() at time zone 'UTC');
  month record;
begin
  for month in
    select format('billing.webhook_events_%s', to_char(begins, 'YYYY_MM')) as part,
      begins at time zone 'UTC' as since, (begins + interval '1 month') at time zone 'UTC' as until
    from generate_series(this - interval '1 month', this + interval '2 months', interval '1 month') as begins
  loop
    if to_regclass(month.part) is null then
      -- One at a time; who reads and writes goes on.
      lock table billing.webhook_events in share update exclusive mode;
    end if;
    if to_regclass(month.part) is null then
      execute format('create table %s (like billing.webhook_events including all)', month.part);
      perform billing_private.reset_access(month.part::regclass);
      execute format('with moved as (delete from billing.webhook_events_other o
          where o.stripe_created_at >= %L and o.stripe_created_at < %L returning o.*)
        insert into %s select * from moved', month.since, month.until, month.part);
      execute format('alter table billing.webhook_events attach partition %s for values from (%L) to (%L)',
        month.part, month.since, month.until);
    end if;
  end loop;
end $$;
revoke all on function billing_private.make_event_months() from public;
