-- What is sold, lowest rank first, and how an organization of a user's stands; one row.
--   plans  [{code, name, description, rank, seats, prices, features}]; `prices`, [{interval, currency,
--          amount}], in the currency's smallest unit: what the organization would pay, or everybody;
--          `features`, {flag: on}, has every flag
--   role   null: no organization was asked for, or the user is no member
--   ends   its subscription is canceled, and ends
--   pays   it has a live subscription of its own
create or replace function billing.read_plans(caller uuid, org uuid) returns table (
  plans jsonb, role text, plan_code text, ends boolean, pays boolean, had_trial boolean
) language plpgsql stable security definer set search_path = pg_catalog, pg_temp
-- As read_entitlements: a plan for these very values would be no better.
set plan_cache_mode = force_generic_plan as $$
begin
  return query
  select sold.plans, m.role, stands.plan_code, stands.ends, stands.subscribed, stands.had_trial
  from (select) as always
  left join lateral (
    select m.role from billing.members m
    where m.org_id = org and m.user_id = caller
    -- A members table may hold a person twice: the greater right counts.
    order by m.role <> 'owner', m.role <> 'admin' limit 1) m on true
  cross join lateral (
    select jsonb_agg(jsonb_build_object('code', p.plan_code, 'name', p.name, 'description', p.description,
      'rank', p.rank, 'seats', p.seats_included, 'features', everybody.features || p.features, 'prices', (
        select coalesce(jsonb_agg(jsonb_build_object('interval', o.billing_interval, 'currency', o.currency,
          'amount', o.amount_cents) order by o.place), '[]')
        -- A deal is told to its members alone.
        from billing_private.offered(p, case when m.role is not null then org end) o)) order by p.rank)
      as plans
    from billing.plans p
    cross join billing.plans everybody
    where everybody.plan_code = 'pilot') sold
  left join lateral (
    select has.plan_code, has.cancel_at is not null as ends, account.subscribed, account.had_trial
    from billing_private.live_modes() as modes (live)
    cross join lateral billing_private.standing_of(org, modes.live) has
    cross join lateral billing_private.account_of(org, modes.live) account
    where m.role is not null) stands on true;
end $$;
revoke all on function billing.read_plans(uuid, uuid) from public;
grant execute on function billing.read_plans(uuid, uuid) to service_role, billing_reader;
