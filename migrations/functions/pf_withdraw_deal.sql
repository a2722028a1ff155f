-- Takes the offer of a deal back: the organization's checkouts sell what everybody's do. If it pays the price
-- already, it keeps the plan. False: it has no such deal.
create or replace function billing.pf_withdraw_deal(org uuid, price text, by_whom text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  plan text;
begin
  perform billing_private.lock_organizations(array[org]);
  update billing.prices r set sold = false, org_id = null
  where r.price_id = price and r.org_id = org
  returning r.plan_code into plan;
  if plan is null then
    return false;
  end if;
  perform billing_private.record(org, 'deal_withdrawn', plan, null, by_whom,
    jsonb_build_object('price', price));
  return true;
end $$;
revoke all on function billing.pf_withdraw_deal(uuid, text, text) from public;
grant execute on function billing.pf_withdraw_deal(uuid, text, text) to service_role, billing_operator;
