-- Writes a snapshot over the subscription's row, sets what its organization has (and the one that it had
-- before), and records what changed. `stated_at`: Unix seconds when the snapshot was so, on Stripe's clock;
-- `observed`: on ours, because Stripe was asked.
create or replace function billing_private.write_snapshot(
  org uuid, org_named boolean, own boolean, before billing.subscriptions, snapshot jsonb, stated_at bigint,
  observed boolean, known_through bigint, may_include bigint, grace interval, cause text
) returns billing.subscriptions language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  after billing.subscriptions;
  resolved record;
  written boolean;
  stated timestamptz := to_timestamp(stated_at);
begin
  resolved := billing_private.snapshot_row(snapshot, before);
  after := resolved.after;
  if after.test_clock is not null then
    stated := billing_private.test_clock_time(after.test_clock, case when not observed then stated end,
      stated);
  end if;
  after.org_id := org;
  after.org_named := write_snapshot.org_named;
  after.own := write_snapshot.own;
  -- Stripe says `active` of a change, or of a new period, before its payment fails. So what is active was
  -- paid once something else follows, or a day is over. When a trial ends, no payment was tried yet. Then
  -- only a paid invoice (note_first_payment), a day, or the period's end without a failure says that it was.
  if before.status = 'active' and (
      (before.paid_items is not null or after.current_period_start >= before.current_period_end)
      and (after.items, after.current_period_start)
        is distinct from (before.items, before.current_period_start)
    or stated_at > before.may_include + 86400)
  then
    after.paid_items := before.items;
    after.paid_period_start := before.current_period_start;
    after.paid_at := greatest(before.paid_at, before.known_through + 1);
  -- With other items it may have been paid and changed unseen: an event of its own tells what was paid.
  -- One that was paused is taken up again before a payment is tried.
  elsif after.status = 'active' and before.status not in ('active', 'trialing', 'paused')
    and before.items = after.items
  then
    after.paid_items := after.items;
    after.paid_period_start := after.current_period_start;
    after.paid_at := greatest(before.paid_at, extract(epoch from stated)::bigint);
  -- If the first state that we see is active or past due, we take it for paid, unless a trial has just
  -- ended. Of a later payment its own event tells.
  elsif after.status in ('active', 'past_due') and after.paid_at is null and after.paid_items is null
    and coalesce(before.status = 'incomplete' or (before.status, after.status) = ('trialing', 'active'),
      true)
    and (after.trial_end is null or after.trial_end < after.current_period_start)
  then
    after.paid_items := after.items;
    after.paid_period_start := case after.status when 'active' then after.current_period_start end;
  end if;
  if after.status = 'active' and before.status is distinct from 'paused' then
    after.past_due_since := null;
    after.grace_until := null;
  elsif after.status = 'past_due' then
    after.past_due_since := least(before.past_due_since, stated);
    after.grace_until := billing_private.grace_ends(before, after, grace);
  end if;
  after.version := coalesce(before.version, 0) + 1;
  after.known_through := greatest(before.known_through, write_snapshot.known_through);
  after.may_include := greatest(before.may_include, write_snapshot.may_include);
  after.updated_at := now();
  if before.stripe_subscription_id is null then
    insert into billing.subscriptions select after.*;
  else
    update billing.subscriptions s set
      org_id = after.org_id, org_named = after.org_named, own = after.own, livemode = after.livemode,
      stripe_customer_id = after.stripe_customer_id, status = after.status,
        pause_behavior = after.pause_behavior,
      plan_code = after.plan_code, price_id = after.price_id, unknown_price = after.unknown_price,
      billing_interval = after.billing_interval, interval_count = after.interval_count,
        currency = after.currency,
      discounts = after.discounts, schedule = after.schedule,
      quantity = after.quantity, items = after.items, current_period_start = after.current_period_start,
      current_period_end = after.current_period_end, cancel_at_period_end = after.cancel_at_period_end,
      cancel_at = after.cancel_at, trial_end = after.trial_end, test_clock = after.test_clock,
      paid_items = after.paid_items, paid_period_start = after.paid_period_start, paid_at = after.paid_at,
      past_due_since = after.past_due_since, grace_until = after.grace_until,
      stripe_created_at = after.stripe_created_at, version = after.version,
        known_through = after.known_through,
      may_include = after.may_include, updated_at = after.updated_at
    where s.stripe_subscription_id = after.stripe_subscription_id;
  end if;
  if resolved.learned is not null then
    perform billing_private.learn_prices(resolved.learned);
  end if;
  written := billing_private.record_changes(before, after, cause);
  written := billing_private.apply_subscriptions(org, after.livemode, cause);
  if before.org_id <> org then
    written := billing_private.apply_subscriptions(before.org_id, after.livemode, cause);
  end if;
  return after;
end $$;
revoke all on function billing_private.write_snapshot(uuid, boolean, boolean, billing.subscriptions, jsonb,
  bigint,
  boolean, bigint, bigint, interval, text) from public;
