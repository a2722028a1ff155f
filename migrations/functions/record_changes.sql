-- Records what changed from one state of a subscription to the next. Answers whether anything did. What an
-- organization is warned of counts anew for the one that a subscription is moved to.
create or replace function billing_private.record_changes(
  before billing.subscriptions, after billing.subscriptions, cause text
) returns boolean language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  recorded boolean := false;
  moved constant boolean := coalesce(before.org_id <> after.org_id, false);
  subscription constant jsonb := jsonb_build_object('subscription', after.stripe_subscription_id);
begin
  if before.status is distinct from after.status then
    recorded := billing_private.record(after.org_id, 'subscription_status_changed', before.status,
      after.status, cause, subscription);
  end if;
  if not after.own and (before.own is distinct from false or moved) then
    recorded := billing_private.record(after.org_id, 'paid_by_stranger', null, after.plan_code, cause,
      subscription);
  end if;
  if after.unknown_price is not null then
    if billing_private.is_live(after.status) and (after.unknown_price is distinct from before.unknown_price
      or billing_private.is_live(before.status) is not true or moved)
    then
      recorded := billing_private.record(after.org_id, 'unknown_plan', before.plan_code, after.plan_code,
        cause, subscription || jsonb_build_object('price', after.unknown_price));
    end if;
  end if;
  if (after.items is distinct from before.items or moved)
    and jsonb_path_exists(after.items, '$[*].unreadable')
  then
    recorded := billing_private.record(after.org_id, 'addon_unreadable', null, null, cause,
      subscription || jsonb_build_object('unreadable', billing_private.unreadable(after.items)));
  end if;
  if after.own and billing_private.is_granting(after.status)
    and (billing_private.is_granting(before.status) is not true or moved)
  then
    -- Not part of the condition above: its query would be prepared at every call.
    if exists (
      select from billing.subscriptions s
      where s.org_id = after.org_id and s.livemode = after.livemode and s.own
        and billing_private.is_granting(s.status)
        and s.stripe_subscription_id <> after.stripe_subscription_id)
    then
      recorded := billing_private.record(after.org_id, 'second_live_subscription', null,
        after.stripe_subscription_id, cause);
    end if;
  end if;
  return recorded;
end $$;
revoke all on function billing_private.record_changes(billing.subscriptions, billing.subscriptions, text)
  from public;
