-- Notes that a subscription was paid, as a state says that a newer one replaced already: what it grants while
-- it is past due, and when its grace began, depends on it. What is active and then past due with the same
-- items was not paid: Stripe says `active` of a change before its payment fails.
create or replace function billing_private.note_paid(
  current billing.subscriptions, snapshot jsonb, created bigint, grace interval, cause text
) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  noted billing.subscriptions := current;
  was billing.subscriptions;
begin
  if snapshot ->> 'status' is distinct from 'active' or current.paid_at >= created
    or billing_private.is_ended(current.status)
  then
    return;
  end if;
  was := (select r.after from billing_private.snapshot_row(snapshot, current) r);
  if (was.items, was.current_period_start) is not distinct from (current.items, current.current_period_start)
    and (current.status = 'active' or current.past_due_since < to_timestamp(created + 86400))
  then
    return;
  end if;
  -- A trial ends as active, too, a while before its first payment fails.
  if current.paid_items is null and was.trial_end >= was.current_period_start
    and coalesce(current.past_due_since, to_timestamp(current.known_through)) < to_timestamp(created + 86400)
  then
    return;
  end if;
  noted.paid_items := was.items;
  noted.paid_period_start := was.current_period_start;
  noted.paid_at := created;
  if noted.past_due_since < to_timestamp(created) then
    noted.past_due_since := greatest(to_timestamp(created), noted.current_period_start);
  end if;
  if current.status <> 'active' then
    noted.grace_until := billing_private.grace_ends(current, noted, grace);
  end if;
  update billing.subscriptions s set
    paid_items = noted.paid_items, paid_period_start = noted.paid_period_start, paid_at = noted.paid_at,
    past_due_since = noted.past_due_since, grace_until = noted.grace_until
  where s.stripe_subscription_id = noted.stripe_subscription_id;
  perform billing_private.apply_subscriptions(noted.org_id, noted.livemode, cause);
end $$;
revoke all on function billing_private.note_paid(billing.subscriptions, jsonb, bigint, interval, text)
  from public;
