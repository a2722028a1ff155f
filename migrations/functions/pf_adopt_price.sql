-- Makes a price at Stripe sell a plan, because an operator says so, whatever its lookup key and metadata say;
-- and gives the plan to whoever pays it already. Answers the organizations whose subscriptions it changed.
create or replace function billing.pf_adopt_price(price text, plan text, by_whom text) returns setof uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  sold constant jsonb := jsonb_build_array(jsonb_build_object('price', price));
  orgs uuid[];
  before billing.subscriptions;
  after billing.subscriptions;
begin
  if price is null or not exists (select from billing.plans p where p.plan_code = plan) then
    raise exception 'unknown plan_code %', plan using errcode = 'invalid_parameter_value';
  end if;
  perform set_config('billing.cause', by_whom, true);
  -- Sold by nobody we know, or known as something else: seldom asked for, and by an operator.
  select coalesce(array_agg(distinct s.org_id), '{}') into orgs
  from billing.subscriptions s
  where s.items @> sold or s.paid_items @> sold;
  -- The organizations before the price, as events do.
  -- `billing catalogue` runs at REPEATABLE READ: if a row has changed since it began, the transaction fails,
  -- and the command runs it again.
  perform billing_private.lock_organizations(orgs, at_any_level => true);
  insert into billing.prices as p (price_id, plan_code, adopted_by) values (price, plan, by_whom)
  on conflict (price_id) do update set plan_code = excluded.plan_code, adopted_by = excluded.adopted_by;
  for before in
    select * from billing.subscriptions s
    where (s.items @> sold or s.paid_items @> sold) and s.org_id = any (orgs)
    order by s.stripe_subscription_id
  loop
    after := billing_private.resolve_again(before);
    continue when after.items = before.items and after.paid_items is not distinct from before.paid_items;
    update billing.subscriptions s set
      plan_code = after.plan_code, price_id = after.price_id, unknown_price = after.unknown_price,
      billing_interval = after.billing_interval, interval_count = after.interval_count,
      currency = after.currency, quantity = after.quantity, items = after.items,
      paid_items = after.paid_items, version = s.version + 1, updated_at = now()
    where s.stripe_subscription_id = before.stripe_subscription_id;
    perform billing_private.record(before.org_id, 'price_adopted', before.plan_code, after.plan_code, by_whom,
      jsonb_build_object('subscription', before.stripe_subscription_id, 'price', price));
    perform billing_private.apply_subscriptions(before.org_id, before.livemode, by_whom);
    return next before.org_id;
  end loop;
end $$;
revoke all on function billing.pf_adopt_price(text, text, text) from public;
grant execute on function billing.pf_adopt_price(text, text, text) to service_role, billing_operator;
