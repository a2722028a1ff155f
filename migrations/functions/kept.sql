-- What a plan was when a subscription bought it: the oldest of its versions, {until, features, seats,
-- number}, that ended later. Null: what it is now. Stripe's clock and ours may differ by seconds, and an
-- event may be late.
create or replace function billing_private.kept(plan billing.plans, bought billing.subscriptions)
returns jsonb language sql stable
begin atomic
  select v.version || jsonb_build_object('number', v.place)
  from jsonb_array_elements((plan).versions) with ordinality v (version, place)
  where (v.version ->> 'until')::timestamptz > coalesce(((bought).bought ->> (plan).plan_code)::timestamptz,
    least((bought).first_seen_at, (bought).stripe_created_at + interval '5 seconds'))
  order by v.place limit 1;
end;
revoke all on function billing_private.kept(billing.plans, billing.subscriptions) from public;
grant execute on function billing_private.kept(billing.plans, billing.subscriptions)
  to authenticated, service_role, billing_viewer, billing_operator;
