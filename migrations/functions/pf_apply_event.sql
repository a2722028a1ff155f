-- Applies one event: one call, one commit. The argument, all ids and states, never a payload:
--   event         {id, type, created, livemode, api_version}
--   org_ids       the organizations the event names, best first
--   customer      Stripe's customer id, or null
--   customer_is_theirs  the event comes from what we made, so the customer is the organization's
--   subscription  Stripe's subscription id, or null
--   snapshot      the subscription's state that the event carries or a read of Stripe showed, or null
--   read          {version, observed_at, known_through, may_include}: the snapshot is what Stripe answered when the row
--                 had that version, and holds for that span of Stripe's clock; else null
--   payment       a one-time payment, or null
--   verdict       an outcome that is decided already, or null
--   grace_days, foreign_acknowledged, elapsed_ms
-- Answers {outcome, org_id, version}. Outcome: applied, stale, duplicate, ignored, missing_org; read (ask Stripe, then call
-- again with what it said and this version), conflict (the row changed meanwhile: ask again).
--
-- Lock order, for all writers: the event's row, the organizations, the subscription's row. Whoever holds a lock for longer
-- than lock_timeout is ill, and Stripe sends the event again.
create or replace function billing.pf_apply_event(request jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
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
  gone boolean;
  forgotten boolean;
  org_before uuid;
  locked uuid[] := '{}';
  current billing.subscriptions;
  result text;
begin
  select f.org, f.gone into org, gone from billing_private.find_organization(named, sub, customer) f;

  -- Claim. A second delivery at the same time waits here for the first one's commit.
  insert into billing.webhook_events as w
    (event_id, type, livemode, api_version, stripe_created_at, org_id, status, outcome, processed_at)
  values (event ->> 'id', event ->> 'type', mode, event ->> 'api_version', to_timestamp(created), org, 'processed',
    'applied', now())
  on conflict (event_id) do update set
    org_id = excluded.org_id, status = excluded.status, outcome = excluded.outcome,
    processed_at = excluded.processed_at, error_code = null, next_retry_at = null, last_attempt_at = now(),
    attempts = w.attempts + case when read is null then 1 else 0 end
    where w.status <> 'processed';
  if not found then
    return jsonb_build_object('outcome', 'duplicate', 'org_id', org);
  end if;

  if org is null and not gone and not (request ->> 'foreign_acknowledged')::boolean then
    update billing.webhook_events set status = 'failed', outcome = null, processed_at = null,
      error_code = 'missing_org_id',
      next_retry_at = now() + least(interval '1 minute' * 2 ^ least(attempts - 1, 9), interval '6 hours')
    where event_id = event ->> 'id';
    return jsonb_build_object('outcome', 'missing_org');
  end if;

  if org is null then
    result := 'ignored';
  elsif request ->> 'verdict' is not null then
    result := request ->> 'verdict';
  else
    -- A subscription that moves to another organization changes both: both are locked, in one order, whoever comes. It may
    -- have moved while we waited for a lock: then again.
    loop
      select s.org_id into org_before from billing.subscriptions s where s.stripe_subscription_id = sub;
      exit when locked @> array_remove(array[org, org_before], null);
      perform billing_private.lock_organizations(array[org, org_before]);
      locked := locked || array_remove(array[org, org_before], null);
      select f.org, f.gone into org, gone from billing_private.find_organization(named, sub, customer) f;
    end loop;
    forgotten := gone and billing_private.is_forgotten(org);
    if customer is not null and (request ->> 'customer_is_theirs')::boolean and not gone then
      insert into billing.customers (org_id, livemode, stripe_customer_id)
      values (org, mode, customer) on conflict do nothing;
    end if;
    if payment is not null then
      result := case when forgotten then 'ignored' else billing_private.write_payment(org, payment) end;
    else
      select * into current from billing.subscriptions s where s.stripe_subscription_id = sub;
      result := billing_private.ordering(created, snapshot is not null,
        coalesce(current.known_through, -1), coalesce(current.may_include, -1), current.status);
      if read is not null then
        result := case
          when coalesce(current.version, 0) = (read ->> 'version')::bigint then 'write'
          when result = 'covered' then 'covered'
          else 'conflict'
        end;
      end if;
      -- Of what has ended for an organization that is gone and forgotten, nothing is to be known again; and whether it has,
      -- only Stripe knows: an old event may come once more.
      if result = 'write' and forgotten and current.version is null then
        result := case
          when read is null then 'read'
          when snapshot ->> 'status' in ('canceled', 'incomplete_expired') then 'ignored'
          else 'write'
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
    update billing.webhook_events set status = 'received', outcome = null, processed_at = null
    where event_id = event ->> 'id';
  else
    -- What is billed to an organization that the application deleted is kept up to date, and means nothing to anybody.
    if gone and org is not null then
      perform billing_private.record_gone(org, event ->> 'id');
      result := 'ignored';
      org := case when billing_private.holds(org) then org end;
    end if;
    update billing.webhook_events set outcome = result, org_id = org,
      milliseconds = (request ->> 'elapsed_ms')::int + extract(milliseconds from clock_timestamp() - now())::int
    where event_id = event ->> 'id';
  end if;
  return jsonb_build_object('outcome', result, 'org_id', org, 'version', coalesce(current.version, 0));
end $$;
revoke all on function billing.pf_apply_event(jsonb) from public;
grant execute on function billing.pf_apply_event(jsonb) to service_role, billing_events, billing_operator;
