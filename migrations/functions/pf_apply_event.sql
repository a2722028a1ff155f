-- Applies one event: one call, one commit. The argument (billing_private.event) is ids and states, never a
-- payload:
--   id, type, created, livemode, api_version  the event
--   org_ids       the organizations that metadata names, which only the account can write; best first
--   reference     the organization that a visitor typed (client_reference_id), or null
--   customer, subscription, payment_intent    Stripe's ids, or null
--   snapshot      the subscription's state that the event carries or a read of Stripe showed, or null
--   carried       the state that the event carried, if the snapshot is what a read showed; else null
--   thin          the event carries no state, and Stripe keeps the one that it stands for
--   open_discounts  the snapshot only names a discount or a schedule, and Stripe may be asked for more
--   paid          it is an invoice that was paid, with more than nothing
--   version, observed_at, known_through, may_include  the snapshot is what Stripe answered when the row had
--                    that version, and holds for that span of Stripe's clock; else null
--   payment, charge  a one-time payment; money of a charge that went back, or its dispute; or null
--   test_clock, frozen_at  one of Stripe's test clocks and its time, Unix seconds; or null
--   verdict       an outcome that is decided already, or null
--   grace_days, foreign_acknowledged, elapsed_ms
-- Answers one of
--   {"settled": {outcome, org_id, seen}}  outcome: applied, stale, duplicate, ignored. seen: what somebody
--                 should look at: unknown_plan, addon_unreadable, payment_disputed, paid_by_stranger
--   {"ask_stripe": {version}}  nothing changed: ask Stripe, then call again with its answer and this version;
--                 with "for_discounts": or without an answer, and open_discounts false; with "for_paid": ask
--                 for the event instead, and call again with what it carried, or without, and thin false
--   "missing_org"                   the event is noted as failed
--
-- Lock order, for all writers: the organizations, the subscription's row, the event's row. Two deliveries of
-- one event name the same organization: the second waits for its lock, and then finds the event processed.
-- Whoever holds a lock for longer than lock_timeout is ill, and Stripe sends the event again.
create or replace function billing.pf_apply_event(request jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '300ms'
-- A plan for these very values would be no better. On a new connection each of five calls would make all of
-- them anew: that takes longer than the call.
set plan_cache_mode = force_generic_plan as $$
declare
  asked constant billing_private.event := jsonb_populate_record(null::billing_private.event, request);
  whose record;
  current billing.subscriptions;
  after billing.subscriptions;
  keys uuid[];
  payment_key uuid;
  locked uuid[] := '{}';
  took integer;
  grace interval;
  result text;
  unreadable text;
  seen text[] := '{}';
begin
  -- For the history; an assignment, because a statement would cost more.
  result := set_config('billing.cause', asked.id, true);
  -- A payment and its refund meet, though nobody knows yet whose they are.
  if asked.payment_intent is not null then
    payment_key := md5(asked.payment_intent)::uuid;
  end if;
  -- Most events name their organization: then it is known what is to be locked.
  if asked.org_ids[1] is not null then
    locked := billing_private.lock_organizations(array_remove(asked.org_ids || payment_key, null),
      asked.subscription);
  end if;
  -- A subscription that moves to another organization changes both: both are locked. It may have moved while
  -- we waited for a lock: then again.
  loop
    whose := billing_private.find_organization(asked.org_ids, asked.reference, asked.id,
      to_timestamp(asked.created), asked.subscription, asked.customer, asked.payment_intent);
    current := whose.current;
    keys := array_remove(array[whose.org, current.org_id, payment_key], null);
    exit when whose.processed or locked @> keys;
    locked := locked || billing_private.lock_organizations(keys);
  end loop;
  if whose.processed then
    return jsonb_build_object('settled',
      jsonb_build_object('outcome', 'duplicate', 'org_id', whose.org, 'seen', seen));
  end if;
  grace := make_interval(hours => 24 * asked.grace_days);

  if asked.verdict is not null then
    result := asked.verdict;
  elsif asked.test_clock is not null then
    result := billing_private.advance_test_clock(asked.test_clock, to_timestamp(asked.frozen_at), asked.id);
  elsif asked.charge is not null then
    result := billing_private.write_charge(
      case when not whose.gone then whose.org end, asked.charge, asked.created, asked.id);
    if asked.charge ->> 'dispute_status' is not null then
      seen := array['payment_disputed'];
    end if;
    result := case when whose.org is null then 'ignored' else result end;
  elsif whose.org is null and not whose.gone then
    -- Stripe knows whose subscription it is: its own metadata says it, or its customer's. For another
    -- product's subscription we ask Stripe once: when it is created.
    if asked.subscription is not null and asked.version is null
      and (asked.snapshot is null or not asked.foreign_acknowledged
        or asked.type = 'customer.subscription.created')
    then
      return jsonb_build_object('ask_stripe', jsonb_build_object('version', 0));
    end if;
    if not asked.foreign_acknowledged then
      perform billing.pf_fail_event(to_jsonb(asked), 'missing_org_id', null);
      return to_jsonb('missing_org'::text);
    end if;
    result := 'ignored';
  elsif whose.org is null then
    result := 'ignored';
  else
    if asked.payment is not null then
      -- What was bought before it was forgotten, and perhaps ended since, is not known again.
      if billing_private.is_forgotten(whose.org,
          case when whose.gone then '-infinity' else to_timestamp(asked.created + 5) end)
      then
        result := 'ignored';
      else
        select w.outcome, w.unreadable into result, unreadable
        from billing_private.write_payment(whose.org, asked.payment, asked.id) w;
      end if;
      if unreadable is not null then
        seen := array['addon_unreadable'];
      end if;
    else
      result := billing_private.ordering(asked.created, asked.snapshot is not null,
        coalesce(current.known_through, -1), coalesce(current.may_include, -1), current.status);
      -- It may say what was paid last, which counts once a payment fails.
      if asked.thin then
        if result = 'covered' and asked.version is null and not billing_private.is_ended(current.status)
          and (current.paid_at < asked.created) is not false
        then
          return jsonb_build_object('ask_stripe',
            jsonb_build_object('version', current.version, 'for_paid', true));
        end if;
      end if;
      if asked.version is not null then
        result := case
          when coalesce(current.version, 0) = asked.version then 'write'
          when result = 'covered' then 'covered'
          -- The row changed meanwhile.
          else 'read'
        end;
      end if;
      -- Of what has ended for an organization that was forgotten, nothing is to be known again. Whether it
      -- has, only Stripe knows: an old event may come once more.
      if result = 'write' and current.version is null then
        if billing_private.is_forgotten(whose.org) then
          result := case
            when asked.version is null then 'read'
            when billing_private.is_ended(asked.snapshot ->> 'status') then 'ignored'
            else 'write'
          end;
        end if;
      end if;
      if result = 'read' then
        return jsonb_build_object('ask_stripe', jsonb_build_object('version', coalesce(current.version, 0)));
      end if;
      if result = 'write' then
        if asked.version is null and asked.open_discounts then
          if jsonb_path_exists(billing_private.with_terms(asked.snapshot -> 'discounts', current.discounts),
              '$[*] ? (!exists(@.terms) && !exists(@.item))')
            or asked.snapshot -> 'schedule' ? 'id' and not asked.snapshot -> 'schedule' ? 'next'
              and not billing_private.with_next(asked.snapshot -> 'schedule', current.schedule) ? 'next'
          then
            return jsonb_build_object('ask_stripe',
              jsonb_build_object('version', coalesce(current.version, 0), 'for_discounts', true));
          end if;
        end if;
        after := billing_private.write_snapshot(whose.org, whose.org_named, whose.own, current,
          asked.snapshot,
          coalesce(asked.observed_at, asked.created), asked.observed_at is not null,
          coalesce(asked.known_through, asked.created - 1), coalesce(asked.may_include, asked.created),
            grace, asked.id);
        seen := array_remove(array[
          case when after.unknown_price is not null then 'unknown_plan' end,
          case when not after.own then 'paid_by_stranger' end,
          case when jsonb_path_exists(after.items, '$[*].unreadable') then 'addon_unreadable' end], null);
      else
        after := current;
      end if;
      if asked.paid and (result = 'write'
        or result = 'covered' and to_timestamp(asked.created) >= after.current_period_start)
      then
        perform billing_private.note_first_payment(after, asked.created);
      end if;
      if asked.carried is not null or result = 'covered' then
        if coalesce(asked.carried, asked.snapshot) ->> 'status' = 'active' then
          perform billing_private.note_paid(after, coalesce(asked.carried, asked.snapshot), asked.created,
            grace, asked.id);
        end if;
      end if;
      result := case result when 'write' then 'applied' when 'covered' then 'stale' else result end;
    end if;
    -- Not of what is ignored: of what was forgotten, nothing is known again.
    if asked.customer is not null and whose.org_named and not whose.customer_stored and not whose.gone then
      if result <> 'ignored' then
        insert into billing.customers (org_id, livemode, stripe_customer_id)
        values (whose.org, asked.livemode, asked.customer) on conflict do nothing;
      end if;
    end if;
  end if;

  -- What is billed to an organization that the application deleted is kept up to date, and means nothing to
  -- anybody.
  if whose.gone and whose.org is not null then
    perform billing_private.record_gone(whose.org, asked.id);
    result := 'ignored';
    whose.org := case when billing_private.holds(whose.org) then whose.org end;
  end if;
  took := asked.elapsed_ms + extract(milliseconds from clock_timestamp() - now())::int;
  -- No ON CONFLICT: for a partition it is prepared anew each time, which costs more than the row. If another
  -- delivery was faster, because they did not name the same organization, this one fails and is done again.
  if whose.noted_at is null then
    insert into billing.webhook_events
      (event_id, type, livemode, api_version, stripe_created_at, org_id, status, outcome, processed_at,
        milliseconds)
    values (asked.id, asked.type, asked.livemode, asked.api_version, to_timestamp(asked.created), whose.org,
      'processed', result, now(), took);
  else
    update billing.webhook_events w set
      org_id = whose.org, status = 'processed', outcome = result, processed_at = now(), milliseconds = took,
      error_code = null, next_retry_at = null, last_attempt_at = now(), attempts = w.attempts + 1
    where w.event_id = asked.id and w.stripe_created_at = whose.noted_at and w.status <> 'processed';
    if not found then
      raise exception 'event % was processed meanwhile', asked.id using errcode = 'serialization_failure';
    end if;
  end if;
  return jsonb_build_object('settled', jsonb_build_object('outcome', result, 'org_id', whose.org, 'seen',
    seen));
end $$;
revoke all on function billing.pf_apply_event(jsonb) from public;
grant execute on function billing.pf_apply_event(jsonb) to service_role, billing_events, billing_operator;
