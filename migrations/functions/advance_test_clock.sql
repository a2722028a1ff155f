-- Notes the time of one of Stripe's test clocks, and sets what its organizations have then: grace ends by
-- that clock. Answers applied, or ignored if no subscription goes by it.
create or replace function billing_private.advance_test_clock(clock text, told timestamptz,
  cause text) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  orgs uuid[];
  org uuid;
begin
  select array_agg(distinct s.org_id) into orgs from billing.subscriptions s where s.test_clock = clock;
  if orgs is null then
    return 'ignored';
  end if;
  perform billing_private.lock_organizations(orgs);
  perform billing_private.test_clock_time(clock, told, told);
  foreach org in array orgs loop
    perform billing_private.apply_subscriptions(org, false, cause);
  end loop;
  return 'applied';
end $$;
revoke all on function billing_private.advance_test_clock(text, timestamptz, text) from public;
