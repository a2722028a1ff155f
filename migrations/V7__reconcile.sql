-- What keeps us in step with Stripe when events do not: reads of Stripe, written by the read rule, and how far they got.

create table public.reconcile_cursors (
  name text not null,
  livemode boolean not null,
  position jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (name, livemode)
);
comment on table public.reconcile_cursors is 'How far each part of the reconciliation got: events (Unix seconds on Stripe''s clock), subscriptions (a page of Stripe''s list), backfill.';
alter table public.reconcile_cursors enable row level security;
alter table public.reconcile_cursors force row level security;
create policy billing_service on public.reconcile_cursors to service_role, current_user using (true) with check (true);
create policy billing_logins on public.reconcile_cursors to billing_operator using (true) with check (true);
revoke all on public.reconcile_cursors from anon, authenticated;
grant select, insert, update, delete on public.reconcile_cursors to service_role, billing_operator;

-- Where a page of Stripe's list, which is in the order of creation, has its place among our rows; and what was cut off.
create index subscriptions_stripe_created_at on public.subscriptions (stripe_created_at);
create index webhook_events_received on public.webhook_events (last_attempt_at) where status = 'received';

alter table public.billing_customers add column synced_at timestamptz;
comment on column public.billing_customers.synced_at is 'When a member last made us ask Stripe: it is asked once in five seconds.';
grant update (synced_at) on public.billing_customers to billing_events;

-- The columns in which a subscription's row differs from a snapshot.
create function billing_private.differences(org uuid, current public.subscriptions, snapshot jsonb) returns text[]
language sql stable set search_path = '' as $$
  select coalesce(array_agg(wanted.key order by wanted.key), '{}')
  from jsonb_each(to_jsonb(jsonb_populate_record(null::public.subscriptions, snapshot || jsonb_build_object('org_id', org)))) wanted
  where (snapshot ? wanted.key or wanted.key = 'org_id') and wanted.value is distinct from to_jsonb(current) -> wanted.key
$$;

-- What the organization's subscriptions of a mode grant now, each plan with the time it expires.
create function billing_private.granted_plans(org uuid, mode boolean) returns table (plan_code text, expires_at timestamptz)
language sql stable set search_path = '' as $$
  select s.plan_code, nullif(max(case s.status when 'past_due' then s.grace_until else 'infinity' end), 'infinity')
  from public.subscriptions s
  where s.org_id = org and s.livemode = mode
    and s.status in ('active', 'trialing', 'past_due') and s.pause_behavior is distinct from 'void'
  group by s.plan_code
$$;

create or replace function billing_private.apply_subscriptions(org uuid, mode boolean, cause text) returns void
language plpgsql set search_path = '' as $$
declare
  plans text[];
  expiries timestamptz[];
begin
  select coalesce(array_agg(granted.plan_code), '{}'), coalesce(array_agg(granted.expires_at), '{}') into plans, expiries
  from billing_private.granted_plans(org, mode) granted;
  perform billing_private.set_plans(org, mode, plans, expiries, cause);
end $$;

-- Whether the plans written down for an organization are others than its subscriptions grant.
create function billing_private.plans_differ(org uuid, mode boolean) returns boolean
language sql stable set search_path = '' as $$
  with granted as (select g.plan_code, g.expires_at from billing_private.granted_plans(org, mode) g),
    written as (select e.plan_code, e.expires_at from public.entitlements e where e.org_id = org and e.source = 'plan' and e.livemode = mode)
  select exists (table granted except table written) or exists (table written except table granted)
$$;

-- Compares what Stripe answered to reads with our rows and writes what differs. The argument:
--   reads       [{org_ids, customer, subscription, snapshot, version, observed_at, known_through, may_include}], as pf_apply_event
--               takes them; version is null where nobody noted it before Stripe was asked: then only a missing row is written
--   cause, grace_days, dry_run
-- Answers [{subscription, org_id, outcome, version, differences}]. Outcome: same; applied; differs (the dry run, or the version was not
-- noted: note this one and ask Stripe again); conflict (the row changed meanwhile: the same); missing_org.
create function public.pf_apply_reads(request jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  dry constant boolean := coalesce((request ->> 'dry_run')::boolean, false);
  cause constant text := request ->> 'cause';
  one record;
  org uuid;
  org_before uuid;
  locked uuid[];
  current public.subscriptions;
  differences text[];
  result text;
  results jsonb := '[]';
begin
  -- In the order of the organizations, so that two callers at once never wait for each other.
  for one in
    select r.read, r.read ->> 'subscription' as id, r.read -> 'snapshot' as snapshot, (r.read ->> 'version')::bigint as version,
      array(select value::uuid from jsonb_array_elements_text(r.read -> 'org_ids')) as named, found.org as org
    from jsonb_array_elements(request -> 'reads') as r (read)
    cross join lateral (select billing_private.find_organization(
      array(select value::uuid from jsonb_array_elements_text(r.read -> 'org_ids')), r.read ->> 'subscription', r.read ->> 'customer') as org) found
    order by found.org, r.read ->> 'subscription'
  loop
    org := one.org;
    differences := '{}';
    current := null;
    if org is null then
      result := 'missing_org';
    else
      locked := '{}';
      loop
        select s.org_id into org_before from public.subscriptions s where s.stripe_subscription_id = one.id;
        exit when dry or locked @> array_remove(array[org, org_before], null);
        perform billing_private.lock_organization(id)
        from (select distinct id from unnest(array[org, org_before]) as id where id is not null order by id) orgs;
        locked := locked || array_remove(array[org, org_before], null);
        org := billing_private.find_organization(one.named, one.id, one.read ->> 'customer');
      end loop;
      select * into current from public.subscriptions s where s.stripe_subscription_id = one.id;
      differences := billing_private.differences(org, current, one.snapshot);
      if differences = '{}' then
        result := 'same';
        if billing_private.plans_differ(org, current.livemode) then
          differences := array['entitlements'];
          result := case when dry then 'differs' else 'applied' end;
          if not dry then
            perform billing_private.apply_subscriptions(org, current.livemode, cause);
          end if;
        end if;
      elsif dry then
        result := 'differs';
      elsif coalesce(current.version, 0) = coalesce(one.version, 0) then
        if one.read ->> 'customer' is not null then
          insert into public.billing_customers (org_id, livemode, stripe_customer_id)
          values (org, (one.snapshot ->> 'livemode')::boolean, one.read ->> 'customer') on conflict do nothing;
        end if;
        perform billing_private.write_snapshot(org, one.snapshot, to_timestamp((one.read ->> 'observed_at')::bigint),
          (one.read ->> 'known_through')::bigint, (one.read ->> 'may_include')::bigint,
          make_interval(days => (request ->> 'grace_days')::int), cause);
        result := 'applied';
      else
        result := case when one.version is null then 'differs' else 'conflict' end;
      end if;
    end if;
    results := results || jsonb_build_object('subscription', one.id, 'org_id', org, 'outcome', result,
      'version', coalesce(current.version, 0), 'differences', differences);
  end loop;
  return results;
end $$;
alter function public.pf_apply_reads(jsonb) set lock_timeout = '5s';

-- Lets one caller in five seconds ask Stripe about an organization: the customers to ask for, and the versions of the rows before.
-- Null: somebody did a moment ago, or there is no customer to ask for.
create function public.pf_begin_sync(org uuid, mode boolean) returns jsonb
language plpgsql set search_path = '' as $$
begin
  update public.billing_customers c set synced_at = now()
  where c.org_id = org and c.livemode = mode and (c.synced_at is null or c.synced_at <= now() - interval '5 seconds');
  if not found then
    return null;
  end if;
  return jsonb_build_object(
    'customers', (select jsonb_agg(id) from (
      select c.stripe_customer_id as id from public.billing_customers c where c.org_id = org and c.livemode = mode
      union select s.stripe_customer_id from public.subscriptions s where s.org_id = org and s.livemode = mode) customers),
    'versions', (select coalesce(jsonb_object_agg(s.stripe_subscription_id, s.version), '{}') from public.subscriptions s
      where s.org_id = org and s.livemode = mode));
end $$;

-- Switches one feature flag on or off for an organization, whatever its plan says; with `enabled` null it takes that back. Says who
-- did it and why, in the same commit.
create function public.pf_override_entitlement(org uuid, flag text, enabled boolean, expires_at timestamptz, by_whom text, reason text) returns boolean
language plpgsql set search_path = '' as $$
declare
  before public.entitlements;
begin
  if not exists (select from public.plan_entitlements p where p.feature = flag) then
    raise exception 'unknown feature flag %', flag using errcode = 'invalid_parameter_value';
  end if;
  perform billing_private.lock_organization(org);
  select * into before from public.entitlements e where e.org_id = org and e.source = 'override' and e.feature = flag;
  if enabled is null then
    delete from public.entitlements e where e.id = before.id;
    if not found then
      return false;
    end if;
  else
    insert into public.entitlements as e (org_id, source, feature, enabled, expires_at)
    values (org, 'override', flag, pf_override_entitlement.enabled, pf_override_entitlement.expires_at)
    on conflict on constraint entitlements_unique do update set enabled = excluded.enabled, expires_at = excluded.expires_at;
  end if;
  perform billing_private.record(org, 'entitlement_overridden',
    case when before.id is not null then case when before.enabled then 'on' else 'off' end end,
    case when enabled is not null then case when enabled then 'on' else 'off' end end,
    by_whom, jsonb_build_object('feature', flag, 'until', expires_at, 'reason', reason));
  return true;
end $$;

revoke all on function public.pf_apply_reads(jsonb), public.pf_begin_sync(uuid, boolean),
  public.pf_override_entitlement(uuid, text, boolean, timestamptz, text, text),
  billing_private.differences(uuid, public.subscriptions, jsonb), billing_private.granted_plans(uuid, boolean),
  billing_private.plans_differ(uuid, boolean) from public, anon, authenticated;
grant execute on function public.pf_apply_reads(jsonb), billing_private.differences(uuid, public.subscriptions, jsonb),
  billing_private.granted_plans(uuid, boolean), billing_private.plans_differ(uuid, boolean)
  to service_role, billing_events, billing_operator;
grant execute on function public.pf_begin_sync(uuid, boolean) to service_role, billing_events;
grant execute on function public.pf_override_entitlement(uuid, text, boolean, timestamptz, text, text) to service_role, billing_operator;
