-- Two organizations have what real events gave them: the first one pays, the first of the second half has
-- left. Here all others get the same, under their own ids: copies of rows, so that nothing here knows what
-- else is in them. The first gets 49 more subscriptions.
--
-- @organizations@: how many; @events@: Stripe's events that were processed in the last month; @since@: when
-- the subscription of number 0 would have been made, that of each further one a second later.
create view public.others as
  select other.*, model.org as model, model.subscription as model_subscription
  from public.numbers other join public.numbers model on model.pays = other.pays
  where model.n in (1, @organizations@ / 2 + 1) and other.n <> model.n;

insert into billing.customers
  select copy.* from public.others o join billing.customers original on original.org_id = o.model,
    jsonb_populate_record(original,
      jsonb_build_object('org_id', o.org, 'stripe_customer_id', o.customer)) copy;
update billing.subscriptions s set stripe_created_at = to_timestamp(@since@ + n.n)
  from public.numbers n where n.org = s.org_id;
insert into billing.subscriptions
  select copy.* from public.others o
    join billing.subscriptions original on original.stripe_subscription_id = o.model_subscription,
    jsonb_populate_record(original, jsonb_build_object(
      'stripe_subscription_id', o.subscription, 'org_id', o.org, 'stripe_customer_id', o.customer,
      'stripe_created_at', to_timestamp(@since@ + o.n))) copy;
insert into billing.subscriptions
  select copy.* from public.numbers o
    join billing.subscriptions original on original.stripe_subscription_id = o.subscription and o.n = 1,
    generate_series(1, 49) more,
    jsonb_populate_record(original, jsonb_build_object(
      'stripe_subscription_id', 'sub_' || lpad(to_hex(more), 16, '0') || '00000001')) copy;
insert into billing.entitlements overriding user value
  select copy.* from public.others o join billing.entitlements original on original.org_id = o.model,
    jsonb_populate_record(original, jsonb_build_object('org_id', o.org,
      'source_id', case when original.source_id is not null then o.subscription end)) copy;
insert into billing.webhook_events
  select copy.* from generate_series(1, @events@) n,
    lateral (select now() - interval '30 days' * (1 - n::float8 / (@events@ + 1)) as at) then_,
    (select * from billing.webhook_events order by stripe_created_at limit 1) original,
    jsonb_populate_record(original::billing.webhook_events, jsonb_build_object(
      'event_id', 'evt_' || md5(n::text),
      'org_id', '00000000-0000-4000-8000-' || lpad(to_hex(1 + n % @organizations@), 12, '0'),
      'stripe_created_at', at, 'first_received_at', at, 'last_attempt_at', at, 'processed_at', at)) copy;
insert into billing.runs overriding user value
  select copy.* from generate_series(1, @events@ / 5) n,
    (select * from billing.runs where kind = 'plan_changed' order by id limit 1) original,
    jsonb_populate_record(original::billing.runs, jsonb_build_object(
      'org_id', '00000000-0000-4000-8000-' || lpad(to_hex(1 + n % @organizations@), 12, '0'),
      'created_at', now() - interval '30 days')) copy;
drop view public.others;
drop table public.numbers;
