-- Applying what Stripe said: one call, one commit.
--
-- Lock order, for all writers: the event's row, the organization, the subscription's row.

-- Serializes the work on one organization until the commit. An advisory lock, because a row lock would write to the
-- organization's row at every event; transaction-scoped, so that it works through a pooler.
create function billing_private.lock_organization(org uuid) returns void
language sql set search_path = '' as $$
  select pg_advisory_xact_lock(hashtextextended(org::text, 0))
$$;

-- Whether the row already has the event's state, takes the event's snapshot, or only Stripe knows.
create function billing_private.ordering(created bigint, carries_subscription boolean, known_through bigint, may_include bigint, status text)
returns text language sql immutable set search_path = '' as $$
  select case
    -- Stripe never revives a subscription that has ended.
    when status in ('canceled', 'incomplete_expired') then 'covered'
    when created <= known_through then 'covered'
    when carries_subscription and created > may_include then 'write'
    else 'read'
  end
$$;

create function billing_private.record(org uuid, kind text, from_value text, to_value text, cause text, detail jsonb default '{}') returns void
language sql set search_path = '' as $$
  insert into public.runs (org_id, kind, telemetry)
  values (org, kind, jsonb_build_object('from', from_value, 'to', to_value, 'cause', cause) || detail)
$$;

-- Makes `plans` the organization's plans in a mode (each with the time it expires, or null), writes only what differs, and records
-- the change of the highest one. The other mode's plans, add-ons, trials and overrides are not touched; a plan without a mode gives
-- way to what is paid for, and takes the place of all.
create function billing_private.set_plans(org uuid, mode boolean, plans text[], expiries timestamptz[], cause text) returns void
language plpgsql set search_path = '' as $$
declare
  highest_before text;
  highest_after text;
begin
  select coalesce((
    select p.plan_code from public.entitlements e join public.plans p using (plan_code)
    where e.org_id = org and e.source = 'plan' and (mode is null or e.livemode is null or e.livemode = mode)
    order by p.rank desc limit 1), 'pilot') into highest_before;
  delete from public.entitlements e
  where e.org_id = org and e.source = 'plan'
    and (mode is null or e.livemode is null or e.livemode = mode) and (e.livemode is distinct from mode or e.plan_code <> all (plans));
  insert into public.entitlements as e (org_id, source, livemode, plan_code, expires_at)
  select org, 'plan', mode, wanted.plan_code, wanted.expires_at
  from unnest(plans, expiries) as wanted (plan_code, expires_at)
  on conflict on constraint entitlements_unique do update set expires_at = excluded.expires_at
    where e.expires_at is distinct from excluded.expires_at;
  select coalesce((
    select p.plan_code from public.plans p where p.plan_code = any (plans) order by p.rank desc limit 1), 'pilot') into highest_after;
  if highest_before <> highest_after then
    perform billing_private.record(org, 'plan_changed', highest_before, highest_after, cause);
  end if;
end $$;

-- Makes `plan_code` the organization's plan, until its next event says what is paid for. Add-ons, trials and overrides stay.
create function public.pf_apply_plan_entitlements(org_id uuid, plan_code text) returns void
language plpgsql set search_path = '' as $$
begin
  if plan_code is null or not exists (select from public.plans p where p.plan_code = pf_apply_plan_entitlements.plan_code) then
    raise exception 'unknown plan_code %', plan_code using errcode = 'invalid_parameter_value';
  end if;
  perform billing_private.lock_organization(org_id);
  perform billing_private.set_plans(org_id, null, array[plan_code], array[null::timestamptz], 'pf_apply_plan_entitlements');
end $$;

-- Sets the organization's plans to what its subscriptions grant now.
create function billing_private.apply_subscriptions(org uuid, mode boolean, cause text) returns void
language plpgsql set search_path = '' as $$
declare
  plans text[];
  expiries timestamptz[];
begin
  select coalesce(array_agg(granted.plan_code), '{}'), coalesce(array_agg(granted.expires_at), '{}') into plans, expiries
  from (
    select s.plan_code,
      nullif(max(case s.status when 'past_due' then s.grace_until else 'infinity' end), 'infinity') as expires_at
    from public.subscriptions s
    where s.org_id = org and s.livemode = mode
      and s.status in ('active', 'trialing', 'past_due') and s.pause_behavior is distinct from 'void'
    group by s.plan_code
  ) granted;
  perform billing_private.set_plans(org, mode, plans, expiries, cause);
end $$;

-- Writes a snapshot over the subscription's row and records what changed.
create function billing_private.write_snapshot(
  org uuid, snapshot jsonb, observed_at timestamptz, known_through bigint, may_include bigint, grace interval, cause text
) returns void language plpgsql set search_path = '' as $$
declare
  before public.subscriptions;
  after public.subscriptions;
  live constant text[] := array['active', 'trialing', 'past_due'];
begin
  select * into before from public.subscriptions s where s.stripe_subscription_id = snapshot ->> 'stripe_subscription_id' for update;
  after := jsonb_populate_record(null::public.subscriptions, snapshot);
  after.org_id := org;
  if after.status = 'past_due' then
    after.past_due_since := case when before.status = 'past_due' then before.past_due_since else observed_at end;
    after.grace_until := after.past_due_since + grace;
  end if;
  after.version := coalesce(before.version, 0) + 1;
  after.known_through := greatest(before.known_through, write_snapshot.known_through);
  after.may_include := greatest(before.may_include, write_snapshot.may_include);
  after.updated_at := now();

  if before.stripe_subscription_id is null then
    insert into public.subscriptions select after.*;
  else
    update public.subscriptions s set
      org_id = after.org_id, livemode = after.livemode, stripe_customer_id = after.stripe_customer_id, status = after.status,
      pause_behavior = after.pause_behavior, plan_code = after.plan_code, price_id = after.price_id,
      billing_interval = after.billing_interval, quantity = after.quantity,
      current_period_start = after.current_period_start, current_period_end = after.current_period_end,
      cancel_at_period_end = after.cancel_at_period_end, cancel_at = after.cancel_at, trial_end = after.trial_end,
      past_due_since = after.past_due_since, grace_until = after.grace_until, stripe_created_at = after.stripe_created_at,
      version = after.version, known_through = after.known_through, may_include = after.may_include, updated_at = after.updated_at
    where s.stripe_subscription_id = after.stripe_subscription_id;
  end if;

  if before.status is distinct from after.status then
    perform billing_private.record(org, 'subscription_status_changed', before.status, after.status, cause,
      jsonb_build_object('subscription', after.stripe_subscription_id));
  end if;
  if (snapshot ->> 'plan_unknown')::boolean and before.price_id is distinct from after.price_id then
    perform billing_private.record(org, 'unknown_plan', before.plan_code, after.plan_code, cause,
      jsonb_build_object('subscription', after.stripe_subscription_id, 'price', after.price_id));
  end if;
  if after.status = any (live) and (before.status is null or before.status <> all (live)) and exists (
    select from public.subscriptions s
    where s.org_id = org and s.livemode = after.livemode and s.status = any (live)
      and s.stripe_subscription_id <> after.stripe_subscription_id
  ) then
    perform billing_private.record(org, 'second_live_subscription', null, after.stripe_subscription_id, cause);
  end if;

  perform billing_private.apply_subscriptions(org, after.livemode, cause);
  if before.org_id is not null and before.org_id <> org then
    perform billing_private.apply_subscriptions(before.org_id, after.livemode, cause);
  end if;
end $$;

-- Records a one-time payment and, once it is paid, grants its add-ons. A state never goes back: unpaid, failed, paid.
create function billing_private.write_payment(org uuid, payment jsonb) returns text
language plpgsql set search_path = '' as $$
declare
  written public.payments := jsonb_populate_record(null::public.payments, payment);
  order_of constant text[] := array['unpaid', 'failed', 'no_payment_required', 'paid'];
begin
  insert into public.payments as p
    (stripe_checkout_session_id, org_id, livemode, amount_cents, currency, payment_status, addon_features, addon_expires_at)
  values (written.stripe_checkout_session_id, org, written.livemode, written.amount_cents, written.currency,
    written.payment_status, written.addon_features, written.addon_expires_at)
  on conflict (stripe_checkout_session_id) do update set payment_status = excluded.payment_status, updated_at = now()
    where array_position(order_of, p.payment_status) < array_position(order_of, excluded.payment_status);
  if not found then
    return 'stale';
  end if;
  if written.payment_status in ('paid', 'no_payment_required') then
    insert into public.entitlements (org_id, source, livemode, feature, source_id, expires_at)
    select org, 'addon', written.livemode, feature, written.stripe_checkout_session_id, written.addon_expires_at
    from unnest(written.addon_features) as feature
    on conflict on constraint entitlements_unique do nothing;
  end if;
  return 'applied';
end $$;

-- The organization of an event: the first of the ids it names that exists, else that of the stored subscription or customer.
create function billing_private.find_organization(named uuid[], subscription text, customer text) returns uuid
language sql stable set search_path = '' as $$
  select coalesce(
    (select o.id from unnest(named) with ordinality as n (id, place) join public.organizations o using (id) order by n.place limit 1),
    (select s.org_id from public.subscriptions s where s.stripe_subscription_id = subscription),
    (select c.org_id from public.billing_customers c where c.stripe_customer_id = customer))
$$;

-- Notes an attempt that failed. Nothing else is changed; an event that is processed stays so.
create function public.pf_fail_event(event jsonb, error_code text) returns void
language sql set search_path = '' as $$
  insert into public.webhook_events as w (event_id, type, livemode, api_version, stripe_created_at, status, error_code, next_retry_at)
  values (event ->> 'id', event ->> 'type', (event ->> 'livemode')::boolean, event ->> 'api_version',
    to_timestamp((event ->> 'created')::bigint), 'failed', error_code, now() + interval '1 minute')
  on conflict (event_id) do update set
    status = 'failed',
    error_code = excluded.error_code,
    -- `received` means that this same attempt was already counted.
    attempts = w.attempts + case w.status when 'received' then 0 else 1 end,
    last_attempt_at = now(),
    next_retry_at = now() + least(interval '1 minute' * 2 ^ least(w.attempts, 9), interval '6 hours')
    where w.status <> 'processed'
$$;

-- Applies one event. The argument, all ids and states, never a payload:
--   event         {id, type, created, livemode, api_version}
--   org_ids       the organizations the event names, best first
--   customer      Stripe's customer id, or null
--   customer_is_theirs  the event comes from what we made, so the customer is the organization's
--   subscription  Stripe's subscription id, or null
--   snapshot      the subscription's state that the event carries or a read of Stripe showed, or null
--   read          {version, observed_at, known_through, may_include}: the snapshot is what Stripe answered when the row had
--                 that version, and holds for that span of Stripe's clock; else null
--   payment       a one-time payment, or null
--   verdict       an outcome that is decided already, or null
--   grace_days, foreign_acknowledged, elapsed_ms
-- Answers {outcome, org_id, version}. Outcome: applied, stale, duplicate, ignored, missing_org; read (ask Stripe, then call
-- again with what it said and this version), conflict (the row changed meanwhile: ask again).
create function public.pf_apply_event(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  event constant jsonb := request -> 'event';
  created constant bigint := (event ->> 'created')::bigint;
  mode constant boolean := (event ->> 'livemode')::boolean;
  sub constant text := request ->> 'subscription';
  customer constant text := request ->> 'customer';
  read constant jsonb := nullif(request -> 'read', 'null');
  snapshot constant jsonb := nullif(request -> 'snapshot', 'null');
  payment constant jsonb := nullif(request -> 'payment', 'null');
  named constant uuid[] := array(select value::uuid from jsonb_array_elements_text(request -> 'org_ids'));
  org uuid;
  org_before uuid;
  locked uuid[] := '{}';
  current public.subscriptions;
  result text;
begin
  org := billing_private.find_organization(named, sub, customer);

  -- Claim. A second delivery at the same time waits here for the first one's commit.
  insert into public.webhook_events as w
    (event_id, type, livemode, api_version, stripe_created_at, org_id, status, outcome, processed_at)
  values (event ->> 'id', event ->> 'type', mode, event ->> 'api_version', to_timestamp(created), org, 'processed', 'applied', now())
  on conflict (event_id) do update set
    org_id = excluded.org_id, status = excluded.status, outcome = excluded.outcome, processed_at = excluded.processed_at,
    error_code = null, next_retry_at = null, last_attempt_at = now(),
    attempts = w.attempts + case when read is null then 1 else 0 end
    where w.status <> 'processed';
  if not found then
    return jsonb_build_object('outcome', 'duplicate', 'org_id', org);
  end if;

  if org is null and not (request ->> 'foreign_acknowledged')::boolean then
    update public.webhook_events set status = 'failed', outcome = null, processed_at = null, error_code = 'missing_org_id',
      next_retry_at = now() + least(interval '1 minute' * 2 ^ least(attempts - 1, 9), interval '6 hours')
    where event_id = event ->> 'id';
    return jsonb_build_object('outcome', 'missing_org');
  end if;

  if org is null then
    result := 'ignored';
  elsif request ->> 'verdict' is not null then
    result := request ->> 'verdict';
  else
    -- A subscription that moves to another organization changes both: both are locked, in one order, whoever comes. It may have moved
    -- while we waited for a lock: then again.
    loop
      select s.org_id into org_before from public.subscriptions s where s.stripe_subscription_id = sub;
      exit when locked @> array_remove(array[org, org_before], null);
      perform billing_private.lock_organization(id)
      from (select distinct id from unnest(array[org, org_before]) as id where id is not null order by id) orgs;
      locked := locked || array_remove(array[org, org_before], null);
      org := billing_private.find_organization(named, sub, customer);
    end loop;
    if customer is not null and (request ->> 'customer_is_theirs')::boolean then
      insert into public.billing_customers (org_id, livemode, stripe_customer_id) values (org, mode, customer) on conflict do nothing;
    end if;
    if payment is not null then
      result := billing_private.write_payment(org, payment);
    else
      select * into current from public.subscriptions s where s.stripe_subscription_id = sub;
      result := billing_private.ordering(created, snapshot is not null, coalesce(current.known_through, -1), coalesce(current.may_include, -1), current.status);
      if read is not null then
        result := case
          when coalesce(current.version, 0) = (read ->> 'version')::bigint then 'write'
          when result = 'covered' then 'covered'
          else 'conflict'
        end;
      end if;
      if result = 'write' then
        perform billing_private.write_snapshot(org, snapshot,
          to_timestamp(coalesce((read ->> 'observed_at')::bigint, created)),
          coalesce((read ->> 'known_through')::bigint, created - 1),
          coalesce((read ->> 'may_include')::bigint, created),
          make_interval(days => (request ->> 'grace_days')::int),
          event ->> 'id');
      end if;
      result := case result when 'write' then 'applied' when 'covered' then 'stale' else result end;
    end if;
  end if;

  if result in ('read', 'conflict') then
    -- Nothing was changed yet: give the claim back.
    update public.webhook_events set status = 'received', outcome = null, processed_at = null where event_id = event ->> 'id';
  else
    update public.webhook_events set outcome = result, org_id = org,
      milliseconds = (request ->> 'elapsed_ms')::int + extract(milliseconds from clock_timestamp() - now())::int
    where event_id = event ->> 'id';
  end if;
  return jsonb_build_object('outcome', result, 'org_id', org, 'version', coalesce(current.version, 0));
end $$;

revoke all on all functions in schema billing_private from public;
grant execute on all functions in schema billing_private to service_role;
-- Who holds a lock for longer than this is ill, and Stripe sends the event again.
alter function public.pf_apply_event(jsonb) set lock_timeout = '5s';
revoke all on function public.pf_apply_plan_entitlements(uuid, text), public.pf_apply_event(jsonb), public.pf_fail_event(jsonb, text)
  from public, anon, authenticated;
grant execute on function public.pf_apply_plan_entitlements(uuid, text), public.pf_apply_event(jsonb), public.pf_fail_event(jsonb, text)
  to service_role;
