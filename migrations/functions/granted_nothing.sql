-- The row of `entitlements` of an organization whose subscriptions of a mode grant no plan: the plan that
-- everybody has, and the subscription that explains why. Null: it never had one.
create or replace function billing_private.granted_nothing(org uuid,
  mode boolean) returns billing.entitlements
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (
  select row(null::bigint, org, 'plan', mode, 'pilot', null::text, s.stripe_subscription_id, true, 0::bigint,
    0::bigint,
    s.own, null::timestamptz, null::timestamptz)::billing.entitlements
  from billing.subscriptions s
  where s.org_id = org and s.livemode = mode
  -- One's own; one that can still be mended; the newest.
  order by s.own desc, billing_private.is_ended(s.status), s.stripe_created_at desc,
    s.stripe_subscription_id limit 1);
end $$;
revoke all on function billing_private.granted_nothing(uuid, boolean) from public;
