-- When the grace of a past_due subscription ends. A grace that runs keeps its length: a new GRACE_DAYS, or
-- that of whoever else writes the row, counts for the payment that fails next.
create or replace function billing_private.grace_ends(
  before billing.subscriptions, after billing.subscriptions, grace interval
) returns timestamptz language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  begins constant timestamptz := billing_private.grace_begins(after);
begin
  return coalesce(before.grace_until + (begins - billing_private.grace_begins(before)), begins + grace);
end $$;
revoke all on function billing_private.grace_ends(
  billing.subscriptions, billing.subscriptions, interval) from public;
