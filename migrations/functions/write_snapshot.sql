-- Writes a snapshot over the subscription's row, sets the plans of its organization (and of the one that it
-- had before), and records what changed.
create or replace function billing_private.write_snapshot(
  org uuid, snapshot jsonb, observed_at timestamptz, known_through bigint, may_include bigint, grace interval, cause text
) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  before billing.subscriptions;
  after billing.subscriptions;
begin
  select * into before from billing.subscriptions s
  where s.stripe_subscription_id = snapshot ->> 'stripe_subscription_id' for update;
  after := jsonb_populate_record(null::billing.subscriptions, snapshot);
  after.org_id := org;
  if after.status = 'past_due' then
    after.past_due_since := case when before.status = 'past_due' then before.past_due_since else observed_at end;
    after.grace_until := after.past_due_since + grace;
  end if;
  after.version := coalesce(before.version, 0) + 1;
  after.known_through := greatest(before.known_through, write_snapshot.known_through);
  after.may_include := greatest(before.may_include, write_snapshot.may_include);
  after.updated_at := now();

  if before.stripe_subscription_id is null then
    insert into billing.subscriptions select after.*;
  else
    update billing.subscriptions s set
      org_id = after.org_id, livemode = after.livemode, stripe_customer_id = after.stripe_customer_id,
      status = after.status, pause_behavior = after.pause_behavior, plan_code = after.plan_code,
      price_id = after.price_id, billing_interval = after.billing_interval, quantity = after.quantity,
      current_period_start = after.current_period_start, current_period_end = after.current_period_end,
      cancel_at_period_end = after.cancel_at_period_end, cancel_at = after.cancel_at, trial_end = after.trial_end,
      past_due_since = after.past_due_since, grace_until = after.grace_until,
      stripe_created_at = after.stripe_created_at, version = after.version, known_through = after.known_through,
      may_include = after.may_include, updated_at = after.updated_at
    where s.stripe_subscription_id = after.stripe_subscription_id;
  end if;

  if before.status is distinct from after.status then
    perform billing_private.record(org, 'subscription_status_changed', before.status, after.status, cause,
      jsonb_build_object('subscription', after.stripe_subscription_id));
  end if;
  if (snapshot ->> 'plan_unknown')::boolean and before.price_id is distinct from after.price_id then
    perform billing_private.record(org, 'unknown_plan', before.plan_code, after.plan_code, cause,
      jsonb_build_object('subscription', after.stripe_subscription_id, 'price', after.price_id));
  end if;
  if billing_private.is_granting(after.status) and billing_private.is_granting(before.status) is not true
    and exists (
    select from billing.subscriptions s
    where s.org_id = org and s.livemode = after.livemode and billing_private.is_granting(s.status)
      and s.stripe_subscription_id <> after.stripe_subscription_id
  ) then
    perform billing_private.record(org, 'second_live_subscription', null, after.stripe_subscription_id, cause);
  end if;

  perform billing_private.apply_subscriptions(org, after.livemode, cause);
  if before.org_id is not null and before.org_id <> org then
    perform billing_private.apply_subscriptions(before.org_id, after.livemode, cause);
  end if;
end $$;
revoke all on function
  billing_private.write_snapshot(uuid, jsonb, timestamptz, bigint, bigint, interval, text) from public;
