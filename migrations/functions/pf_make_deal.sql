-- Offers an organization a plan for a price that is made for it alone, or takes one that it pays already for
-- such: the price sells the plan from now on. `billing_interval` null: a checkout cannot sell it, so the
-- organization must pay it already. Answers {done: created | updated | unchanged, pays}, or {refused, by}: a
-- word for why it would be sold twice, and the id that is in the way.
create or replace function billing.pf_make_deal(
  org uuid, price text, plan text, mode boolean, billing_interval text, currency text, amount integer,
  by_whom text
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  stored billing.prices;
  other record;
  pays boolean;
  in_the_way text;
begin
  if price is null or plan = 'pilot' or not exists (select from billing.plans p where p.plan_code = plan) then
    raise exception 'no plan that is paid for: %', plan using errcode = 'invalid_parameter_value';
  end if;
  perform billing_private.lock_organizations(array[org]);
  select * into stored from billing.prices r where r.price_id = price for update;
  if stored.org_id <> org then
    return jsonb_build_object('refused', 'of_another', 'by', stored.org_id);
  elsif stored.listed then
    return jsonb_build_object('refused', 'sold_to_all', 'by', stored.plan_code);
  elsif stored.adopted_by is not null and stored.plan_code <> plan then
    return jsonb_build_object('refused', 'sells_another', 'by', stored.plan_code);
  end if;
  select min(s.org_id::text) filter (where s.org_id <> org) as payer, coalesce(bool_or(s.org_id = org), false)
    as pays
  into other
  from billing.subscriptions s
  where s.items @> jsonb_build_array(jsonb_build_object('price', price))
    and billing_private.binds(s);
  pays := other.pays;
  if other.payer is not null then
    return jsonb_build_object('refused', 'paid_by_another', 'by', other.payer);
  end if;
  select min(s.stripe_subscription_id) into in_the_way
  from billing.subscriptions s
  join billing.plans p using (plan_code)
  where s.org_id = org and s.livemode = mode and s.own and billing_private.binds(s)
    and (p.rank > 0 or s.unknown_price is not null)
    and not s.items @> jsonb_build_array(jsonb_build_object('price', price));
  if in_the_way is not null then
    return jsonb_build_object('refused', 'subscribed', 'by', in_the_way);
  end if;
  select r.price_id into in_the_way from billing.prices r
  where r.org_id = org and r.price_id <> price and r.plan_code = plan
    and r.billing_interval is not distinct from pf_make_deal.billing_interval;
  if in_the_way is not null then
    return jsonb_build_object('refused', 'has_deal', 'by', in_the_way);
  elsif billing_interval is null and not pays then
    return jsonb_build_object('refused', 'not_for_checkout', 'by', null);
  elsif stored.org_id = org then
    return jsonb_build_object('done', 'unchanged', 'pays', pays);
  end if;
  perform billing.pf_adopt_price(price, plan, by_whom);
  -- Whoever made a deal of it at the same time was first: it was waited for.
  if exists (select from billing.prices r where r.price_id = price and r.org_id <> org) then
    raise exception 'price % became the deal of another organization', price
      using errcode = 'serialization_failure';
  end if;
  update billing.prices r set org_id = org, listed = false, sold = pf_make_deal.billing_interval is not null,
    billing_interval = pf_make_deal.billing_interval, currency = pf_make_deal.currency, amount_cents = amount
  where r.price_id = price;
  perform billing_private.record(org, 'deal_made', null, plan, by_whom, jsonb_build_object('price', price));
  return jsonb_build_object('done', case when stored.price_id is null then 'created' else 'updated' end,
    'pays', pays);
end $$;
revoke all on function billing.pf_make_deal(uuid, text, text, boolean, text, text, integer, text)
  from public;
grant execute on function billing.pf_make_deal(uuid, text, text, boolean, text, text, integer, text)
  to service_role, billing_operator;
