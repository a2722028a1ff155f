-- What an organization has in the mode that counts, one row, as it is told: `standing_of`, with times in Unix
-- seconds, a null one not known, and with how many members it has. The mode is looked up in here: given from
-- outside, PostgreSQL would not put both bodies into the statement of `read_entitlements`.
create or replace function billing_private.standing_told(org uuid) returns table (
  plan_code text, status text, reason text, billing_interval text, interval_count integer,
  seats integer, current_period_end bigint, cancel_at bigint, grace_ends_at bigint, trial_ends_at bigint,
  collection_paused boolean, discounts jsonb, features jsonb, scheduled jsonb, seats_used integer
) language sql stable
begin atomic
  select
    has.plan_code,
    has.status,
    has.reason,
    has.billing_interval,
    has.interval_count,
    has.seats,
    extract(epoch from has.current_period_end)::bigint,
    extract(epoch from has.cancel_at)::bigint,
    extract(epoch from has.grace_ends_at)::bigint,
    extract(epoch from has.trial_ends_at)::bigint,
    has.collection_paused,
    has.discounts,
    has.features,
    has.scheduled,
    (select count(distinct used.user_id) from billing.members used where used.org_id = org)::integer
  from billing_private.live_modes() as modes (live)
  cross join lateral billing_private.standing_of(org, modes.live) has;
end;
revoke all on function billing_private.standing_told(uuid) from public;
