-- What the organization's subscriptions of a mode grant now, as rows of `entitlements`: plans, each with how
-- often it is paid for, its extra seats and when it expires, and the flags of recurring add-ons. Plans come
-- first.
create or replace function billing_private.granted(org uuid, mode boolean) returns billing.entitlements[]
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  granting constant billing.subscriptions[] := array(
    select s from billing.subscriptions s
    where s.org_id = org and s.livemode = mode and billing_private.is_granting(s.status)
      and s.pause_behavior is distinct from 'void');
  one constant billing.subscriptions := granting[1];
begin
  if granting = '{}' then
    return '{}';
  end if;
  -- Most organizations have one subscription of one plan: nothing is to be added up.
  if cardinality(granting) = 1 and one.status <> 'past_due' and jsonb_array_length(one.items) = 1
    and one.items -> 0 ? 'plan' and not one.items -> 0 ?| '{seats,flags}'
    and one.items -> 0 -> 'quantity' > '0'
  then
    return array[row(null, org, 'plan', mode, one.items -> 0 ->> 'plan', null, one.stripe_subscription_id,
      true, (one.items -> 0 ->> 'quantity')::bigint, 0, one.own, null, null)::billing.entitlements];
  end if;
  return billing_private.granted_by_several(org, mode);
end $$;
revoke all on function billing_private.granted(uuid, boolean) from public;
