-- Makes the partitions of events and of the history that are missing: of last month, of which Stripe may
-- still tell, of this one and of the next two. What came before its partition moves there.
drop function if exists billing_private.make_event_months();
create or replace function billing_private.make_months() returns void
language plpgsql set search_path = pg_catalog, pg_temp
-- A bound is written as text, and in another style its zone is an abbreviation that several zones have.
set datestyle = 'ISO' set timezone = 'UTC' as $$
declare
  this constant timestamp := date_trunc('month', now() at time zone 'UTC');
  month record;
begin
  for month in
    select t.whole, t.at, t.whole || '_other' as other, t.whole || to_char(begins, '_YYYY_MM') as part,
      begins at time zone 'UTC' as since, (begins + interval '1 month') at time zone 'UTC' as until
    from (values ('billing.webhook_events', 'stripe_created_at'), ('billing.history', 'valid_from'))
        as t (whole, at),
      generate_series(this - interval '1 month', this + interval '2 months', interval '1 month') as begins
  loop
    if to_regclass(month.part) is null then
      -- One at a time; who reads and writes goes on.
      execute format('lock table %s in share update exclusive mode', month.whole);
    end if;
    if to_regclass(month.part) is null then
      execute format('create table %s (like %s including all excluding identity)', month.part, month.whole);
      perform billing_private.reset_access(month.part::regclass);
      execute format('with moved as (
          delete from %1$s o where o.%2$I >= %4$L and o.%2$I < %5$L returning o.*)
        insert into %3$s select * from moved',
        month.other, month.at, month.part, month.since, month.until);
      execute format('alter table %s attach partition %s for values from (%L) to (%L)',
        month.whole, month.part, month.since, month.until);
    end if;
  end loop;
end $$;
revoke all on function billing_private.make_months() from public;
