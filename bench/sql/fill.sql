-- Organizations of an application that has been in use for a while: the first half pays, the second half has
-- left. Each has one member with its number, one customer and one subscription. The first has 49 more.
-- Two people are members of a hundred and of ten thousand organizations. Rust's names for all of them are in
-- bench/src/requests/population.rs.
--
-- @organizations@ how many, @events@ Stripe's events that were processed in the last month;
-- @price@, @begin@, @end@, @since@: of the sample subscription, as Stripe would list it.
create temporary table numbers as
  select n, n <= @organizations@ / 2 as pays,
    ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as org,
    ('00000000-0000-4000-9000-' || lpad(to_hex(n), 12, '0'))::uuid as person,
    'cus_' || lpad(to_hex(n), 14, '0') as customer,
    'sub_' || repeat('0', 16) || lpad(to_hex(n), 8, '0') as subscription
  from generate_series(1, @organizations@) n;

insert into billing.own_organizations (id, name) select org, 'No. ' || n from numbers;
insert into billing.own_members (org_id, user_id, role) select org, person, 'owner' from numbers;
insert into billing.own_members (org_id, user_id, role)
  select org, ('00000000-0000-4000-9000-' || lpad(to_hex(@organizations@ + most), 12, '0'))::uuid, 'member'
  from numbers join (values (100), (10000)) as many (most) on n <= most;
insert into billing.customers (org_id, livemode, stripe_customer_id) select org, false, customer from numbers;
insert into billing.subscriptions (stripe_subscription_id, org_id, livemode, stripe_customer_id, status, plan_code,
    price_id, billing_interval, quantity, current_period_start, current_period_end, stripe_created_at,
    known_through, may_include)
  select subscription, org, false, customer, case when pays then 'active' else 'canceled' end, 'pro',
    '@price@', 'month', 1, to_timestamp(@begin@), to_timestamp(@end@), to_timestamp(@since@ + n), 0, 0
  from numbers;
insert into billing.subscriptions (stripe_subscription_id, org_id, livemode, stripe_customer_id, status, plan_code,
    price_id, billing_interval, quantity, current_period_start, current_period_end, stripe_created_at,
    known_through, may_include)
  select 'sub_' || lpad(to_hex(more), 16, '0') || '00000001', org, false, customer, 'active', 'pro',
    '@price@', 'month', 1, to_timestamp(@begin@), to_timestamp(@end@), to_timestamp(@since@), 0, 0
  from numbers, generate_series(1, 49) more where n = 1;
insert into billing.entitlements (org_id, source, livemode, plan_code)
  select org, 'plan', false, 'pro' from numbers where pays;
insert into billing.webhook_events (event_id, type, livemode, api_version, stripe_created_at, org_id, status,
    outcome, milliseconds, first_received_at, last_attempt_at, processed_at)
  select 'evt_' || md5(n::text), 'customer.subscription.updated', false, '2026-10-28.endive', at,
    ('00000000-0000-4000-8000-' || lpad(to_hex(1 + n % @organizations@), 12, '0'))::uuid, 'processed', 'applied', 3,
    at, at, at
  from generate_series(1, @events@) n,
    lateral (select now() - interval '30 days' * (1 - n::float8 / (@events@ + 1)) as at) then_;
insert into billing.runs (org_id, kind, telemetry, created_at)
  select ('00000000-0000-4000-8000-' || lpad(to_hex(1 + n % @organizations@), 12, '0'))::uuid, 'plan_changed',
    jsonb_build_object('from', 'pilot', 'to', 'pro', 'cause', 'evt_' || md5(n::text)), now() - interval '30 days'
  from generate_series(1, @events@ / 5) n;
drop table numbers;
