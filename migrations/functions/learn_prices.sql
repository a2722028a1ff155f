-- Keeps what Stripe said of prices, {price: plan}, for when it says it no more. What an operator said stays.
-- A price is many organizations': their events wait neither for each other nor for a change of the catalogue.
-- If somebody else writes about it at this moment, what they say is kept.
create or replace function billing_private.learn_prices(learned jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '20ms' as $$
begin
  update billing.prices p set plan_code = learned ->> p.price_id
  where p.price_id in (
    select known.price_id from billing.prices known
    where known.price_id in (select jsonb_object_keys(learned)) and known.adopted_by is null
      and known.plan_code <> learned ->> known.price_id
    for update skip locked);
  -- One that is only just written cannot be skipped.
  insert into billing.prices (price_id, plan_code)
  select l.key, l.value from jsonb_each_text(learned) l
  where not exists (select from billing.prices known where known.price_id = l.key)
  on conflict (price_id) do nothing;
exception when lock_not_available then
  null;
end $$;
revoke all on function billing_private.learn_prices(jsonb) from public;
