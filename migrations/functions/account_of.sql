-- What an organization buys with in a mode, and whose portal it may open; one row.
--   customer         the Stripe customer that it buys with. Null: it needs a new one, in place of `replaces`
--                    if it has one, which pays for another organization now
--   portal_customer  the one whose portal it may open: of the subscription of its own that explains its plan,
--                    else the one it buys with
--   shared           that one pays for another organization too: its portal would show what is not theirs
--   subscribed       a live subscription of its own: another one would charge twice
--   price_unknown    the same, of a price that nobody knows a plan for
--   contact          the user whose address Stripe has for `customer`
--   portal_subscription  the subscription of its own that this portal changes. Null: none, or one that ended
--   portal_plan      what that one sells
create or replace function billing_private.account_of(org uuid, mode boolean) returns table (
  customer text, replaces text, portal_customer text, shared boolean, last_checkout_session text,
  subscribed boolean, price_unknown boolean, had_trial boolean, contact uuid, portal_subscription text,
  portal_plan text
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query
  with own as (
    select s.*, billing_private.binds(s) and (p.rank > 0 or s.unknown_price is not null) as binds
    from billing.subscriptions s
    join billing.plans p using (plan_code)
    where s.org_id = org and s.livemode = mode and s.own),
  portal as (
    select o.stripe_customer_id as id, o.stripe_subscription_id as subscription,
      o.plan_code,
      not billing_private.is_ended(o.status) as is_live
    from own o
    left join billing.plans p using (plan_code)
    where o.stripe_customer_id is not null
    -- The one that explains the plan; else one that can be mended.
    order by billing_private.is_ended(o.status),
      o.stripe_subscription_id is not distinct from (
        select told.stripe_subscription_id from billing_private.standing_of(org, mode) told) desc,
      billing_private.is_granting(o.status) desc, p.rank desc, o.stripe_created_at desc,
      o.stripe_subscription_id limit 1),
  others as (
    select s.stripe_customer_id as id
    from billing.subscriptions s
    where s.org_id <> org and not billing_private.is_ended(s.status)
      and s.stripe_customer_id in (
        select portal.id from portal
        union all
        select c.stripe_customer_id from billing.customers c where c.org_id = org and c.livemode = mode))
  select
    buys.id,
    case when buys.id is null then c.stripe_customer_id end,
    case when not coalesce(portal.is_live, false) and exists (select from others where others.id = portal.id)
      then buys.id else coalesce(portal.id, buys.id) end,
    coalesce(portal.is_live and exists (select from others where others.id = portal.id), false),
    c.last_checkout_session_id,
    exists (select from own where own.binds),
    exists (select from own where own.binds and own.unknown_price is not null and own.plan_code = 'pilot'),
    exists (select from own where own.trial_end is not null),
    c.contact_user_id,
    case when portal.is_live then portal.subscription end,
    case when portal.is_live then portal.plan_code end
  from (select org as id) asked
  left join billing.customers c on c.org_id = asked.id and c.livemode = mode
  left join portal on true
  cross join lateral (
    select case
      -- It pays for another organization now, and for this one no more.
      when exists (select from others where others.id = c.stripe_customer_id)
        and not exists (
          select from own
          where own.stripe_customer_id = c.stripe_customer_id and not billing_private.is_ended(own.status))
      then null else c.stripe_customer_id end as id) buys;
end $$;
revoke all on function billing_private.account_of(uuid, boolean) from public;
grant execute on function billing_private.account_of(uuid, boolean) to service_role, billing_operator;
