-- Compares what Stripe answered to reads with our rows and writes what differs. The argument:
--   reads       [{org_ids, customer, subscription, snapshot, version, observed_at, known_through,
--               may_include}], as pf_apply_event takes them; version is null where nobody noted it before
--               Stripe was asked: then only a missing row is written
--   cause, grace_days, dry_run
-- Answers [{subscription, org_id, outcome, version, differences}]. Outcome: same; applied; differs (the dry
-- run, or the version was not noted: note this one and ask Stripe again); conflict (the row changed
-- meanwhile: the same); missing_org.
create or replace function billing.pf_apply_reads(request jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
-- As pf_apply_event.
set plan_cache_mode = force_generic_plan as $$
declare
  asked record;
  one record;
  whose record;
  current billing.subscriptions;
  keys uuid[];
  locked uuid[] := '{}';
  differences text[];
  result text;
  results jsonb := '[]';
begin
  select * into asked from jsonb_to_record(request) as argument (
    reads jsonb, cause text, grace_days integer, dry_run boolean);
  result := set_config('billing.cause', asked.cause, true);
  -- All at once and in one order, so that two callers never wait for each other.
  if not asked.dry_run then
    select coalesce(array_agg(o), '{}') into locked
    from jsonb_to_recordset(asked.reads) as r (
      org_ids uuid[], customer text, subscription text, snapshot jsonb, version bigint, observed_at bigint,
      known_through bigint, may_include bigint)
    cross join lateral billing_private.find_organization(
      r.org_ids, null, null, null, r.subscription, r.customer, null) found
    cross join lateral unnest(array[found.org, (found.current).org_id]) as o
    where o is not null;
    perform billing_private.lock_organizations(locked);
  end if;
  for one in
    select r.*
    from jsonb_to_recordset(asked.reads) as r (
      org_ids uuid[], customer text, subscription text, snapshot jsonb, version bigint, observed_at bigint,
      known_through bigint, may_include bigint)
    order by r.subscription
  loop
    loop
      select * into whose from billing_private.find_organization(
        one.org_ids, null, null, null, one.subscription, one.customer, null);
      current := whose.current;
      keys := array_remove(array[whose.org, current.org_id], null);
      exit when asked.dry_run or locked @> keys;
      -- It moved while we waited.
      perform billing_private.lock_organizations(keys);
      locked := locked || keys;
    end loop;
    differences := '{}';
    if whose.org is null then
      result := 'missing_org';
    elsif current.version is null and billing_private.is_ended(one.snapshot ->> 'status')
      and billing_private.is_forgotten(whose.org)
    then
      -- Of what has ended for an organization that was forgotten, nothing is to be known again.
      result := 'same';
    else
      differences := billing_private.differences(whose.org, current, one.snapshot);
      if differences = '{}' then
        result := 'same';
        if billing_private.grants_differ(whose.org, current.livemode) then
          differences := array['entitlements'];
          result := case when asked.dry_run then 'differs' else 'applied' end;
          if not asked.dry_run then
            perform billing_private.apply_subscriptions(whose.org, current.livemode, asked.cause);
          end if;
        end if;
      elsif asked.dry_run then
        result := 'differs';
      elsif coalesce(current.version, 0) = coalesce(one.version, 0) then
        if one.customer is not null and whose.org_named and not whose.customer_stored and not whose.gone then
          insert into billing.customers (org_id, livemode, stripe_customer_id)
          values (whose.org, (one.snapshot ->> 'livemode')::boolean, one.customer) on conflict do nothing;
        end if;
        perform billing_private.write_snapshot(whose.org, whose.org_named, whose.own, current, one.snapshot,
          one.observed_at, true, one.known_through, one.may_include,
          make_interval(hours => 24 * asked.grace_days),
          asked.cause);
        result := 'applied';
      else
        result := case when one.version is null then 'differs' else 'conflict' end;
      end if;
      if whose.gone and not asked.dry_run then
        perform billing_private.record_gone(whose.org, asked.cause);
      end if;
    end if;
    results := results || jsonb_build_object('subscription', one.subscription, 'org_id', whose.org,
      'outcome', result, 'version', coalesce(current.version, 0), 'differences', differences);
  end loop;
  return results;
end $$;
revoke all on function billing.pf_apply_reads(jsonb) from public;
grant execute on function billing.pf_apply_reads(jsonb) to service_role, billing_events, billing_operator;
