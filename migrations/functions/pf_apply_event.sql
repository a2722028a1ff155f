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
-- Answers one of
--   {"settled": {outcome, org_id}}  outcome: applied, stale, duplicate, ignored
--   {"ask_stripe": {version}}       nothing was changed: ask Stripe, then call again with what it said and this version
--   "missing_org"                   the event is noted as failed
--
-- Lock order, for all writers: the event's row, the organizations, the subscription's row. Whoever holds a
-- lock for longer than lock_timeout is ill, and Stripe sends the event again.
create or replace function billing.pf_apply_event(request jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  asked record;
  event record;
  read record;
  org uuid;
  gone boolean;
  forgotten boolean;
  org_before uuid;
  locked uuid[] := '{}';
  current billing.subscriptions;
  result text;
begin
  select * into asked from jsonb_to_record(request) as argument (
    event jsonb, org_ids uuid[], customer text, customer_is_theirs boolean, subscription text, snapshot jsonb,
    read jsonb,
    payment jsonb, verdict text, grace_days integer, foreign_acknowledged boolean, elapsed_ms integer);
  select * into event from jsonb_to_record(asked.event) as event_ref (
    id text, type text, created bigint, livemode boolean, api_version text);
  select * into read from jsonb_to_record(asked.read) as read_times (
    version bigint, observed_at bigint, known_through bigint, may_include bigint);
  select f.org, f.gone into org, gone
  from billing_private.find_organization(asked.org_ids, asked.subscription, asked.customer) f;

  -- Claim. A second delivery at the same time waits here for the first one's commit.
  insert into billing.webhook_events as w
    (event_id, type, livemode, api_version, stripe_created_at, org_id, status, outcome, processed_at)
  values (event.id, event.type, event.livemode, event.api_version, to_timestamp(event.created), org, 'processed',
    'applied', now())
  on conflict (event_id) do update set
    org_id = excluded.org_id, status = excluded.status, outcome = excluded.outcome,
    processed_at = excluded.processed_at, error_code = null, next_retry_at = null, last_attempt_at = now(),
    attempts = w.attempts + case when asked.read is null then 1 else 0 end
    where w.status <> 'processed';
  if not found then
    return jsonb_build_object('settled', jsonb_build_object('outcome', 'duplicate', 'org_id', org));
  end if;

  if org is null and not gone and asked.subscription is not null and asked.snapshot is null and asked.read is null
    and asked.verdict is null
  then
    -- It only names a subscription that has no row yet: Stripe knows whose it is.
    update billing.webhook_events set status = 'received', outcome = null, processed_at = null
    where event_id = event.id;
    return jsonb_build_object('ask_stripe', jsonb_build_object('version', 0));
  end if;
  if org is null and not gone and not asked.foreign_acknowledged then
    update billing.webhook_events set status = 'failed', outcome = null, processed_at = null,
      error_code = 'missing_org_id',
      next_retry_at = now() + least(interval '1 minute' * 2 ^ least(attempts - 1, 9), interval '6 hours')
    where event_id = event.id;
    return to_jsonb('missing_org'::text);
  end if;

  if org is null then
    result := 'ignored';
  elsif asked.verdict is not null then
    result := asked.verdict;
  else
    -- A subscription that moves to another organization changes both: both are locked, in one order, whoever
    -- comes. It may have moved while we waited for a lock: then again.
    loop
      select s.org_id into org_before from billing.subscriptions s
      where s.stripe_subscription_id = asked.subscription;
      exit when locked @> array_remove(array[org, org_before], null);
      perform billing_private.lock_organizations(array[org, org_before]);
      locked := locked || array_remove(array[org, org_before], null);
      select f.org, f.gone into org, gone
      from billing_private.find_organization(asked.org_ids, asked.subscription, asked.customer) f;
    end loop;
    forgotten := gone and billing_private.is_forgotten(org);
    if asked.customer is not null and asked.customer_is_theirs and not gone then
      insert into billing.customers (org_id, livemode, stripe_customer_id)
      values (org, event.livemode, asked.customer) on conflict do nothing;
    end if;
    if asked.payment is not null then
      result := case when forgotten then 'ignored' else billing_private.write_payment(org, asked.payment) end;
    else
      select * into current from billing.subscriptions s where s.stripe_subscription_id = asked.subscription;
      result := billing_private.ordering(event.created, asked.snapshot is not null,
        coalesce(current.known_through, -1), coalesce(current.may_include, -1), current.status);
      if asked.read is not null then
        result := case
          when coalesce(current.version, 0) = read.version then 'write'
          when result = 'covered' then 'covered'
          -- The row changed meanwhile.
          else 'read'
        end;
      end if;
      -- Of what has ended for an organization that is gone and forgotten, nothing is to be known again; and
      -- whether it has, only Stripe knows: an old event may come once more.
      if result = 'write' and forgotten and current.version is null then
        result := case
          when asked.read is null then 'read'
          when billing_private.is_ended(asked.snapshot ->> 'status') then 'ignored'
          else 'write'
        end;
      end if;
      if result = 'write' then
        perform billing_private.write_snapshot(org, asked.snapshot,
          to_timestamp(coalesce(read.observed_at, event.created)),
          coalesce(read.known_through, event.created - 1),
          coalesce(read.may_include, event.created),
          make_interval(days => asked.grace_days),
          event.id);
      end if;
      result := case result when 'write' then 'applied' when 'covered' then 'stale' else result end;
    end if;
  end if;

  if result = 'read' then
    -- Nothing was changed yet: give the claim back.
    update billing.webhook_events set status = 'received', outcome = null, processed_at = null
    where event_id = event.id;
    return jsonb_build_object('ask_stripe', jsonb_build_object('version', coalesce(current.version, 0)));
  end if;
  -- What is billed to an organization that the application deleted is kept up to date, and means nothing to
  -- anybody.
  if gone and org is not null then
    perform billing_private.record_gone(org, event.id);
    result := 'ignored';
    org := case when billing_private.holds(org) then org end;
  end if;
  update billing.webhook_events set outcome = result, org_id = org,
    milliseconds = asked.elapsed_ms + extract(milliseconds from clock_timestamp() - now())::int
  where event_id = event.id;
  return jsonb_build_object('settled', jsonb_build_object('outcome', result, 'org_id', org));
end $$;
revoke all on function billing.pf_apply_event(jsonb) from public;
grant execute on function billing.pf_apply_event(jsonb) to service_role, billing_events, billing_operator;
