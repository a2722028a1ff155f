-- The time of one of Stripe's test clocks: the newest that an event said. `told`: an event says it now, or
-- null. `otherwise`: where nothing ever did.
create or replace function billing_private.test_clock_time(clock text, told timestamptz,
  otherwise timestamptz)
returns timestamptz language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  known timestamptz;
begin
  if told is not null then
    insert into billing.test_clocks as c (test_clock, frozen_at) values (clock, told)
    on conflict (test_clock) do update set frozen_at = excluded.frozen_at, noted_at = now()
      where c.frozen_at < excluded.frozen_at;
    -- What an event says of its own time stands, though another one was faster.
    return told;
  end if;
  select c.frozen_at into known from billing.test_clocks c where c.test_clock = clock;
  return coalesce(known, otherwise);
end $$;
revoke all on function billing_private.test_clock_time(text, timestamptz, timestamptz) from public;
