-- Compares what Stripe answered to reads with our rows and writes what differs. The argument:
--   reads       [{org_ids, customer, subscription, snapshot, version, observed_at, known_through, may_include}], as
--               pf_apply_event takes them; version is null where nobody noted it before Stripe was asked: then only a
--               missing row is written
--   cause, grace_days, dry_run
-- Answers [{subscription, org_id, outcome, version, differences}]. Outcome: same; applied; differs (the dry run, or the
-- version was not noted: note this one and ask Stripe again); conflict (the row changed meanwhile: the same); missing_org.
create or replace function billing.pf_apply_reads(request jsonb) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s' as $$
declare
  dry constant boolean := coalesce((request ->> 'dry_run')::boolean, false);
  cause constant text := request ->> 'cause';
  one record;
  org uuid;
  gone boolean;
  org_before uuid;
  locked uuid[];
  current billing.subscriptions;
  differences text[];
  result text;
  results jsonb := '[]';
begin
  -- All at once and in one order, so that two callers never wait for each other.
  if not dry then
    perform billing_private.lock_organizations(array(
      select unnest(array[found.org, s.org_id])
      from jsonb_array_elements(request -> 'reads') as r (read)
      cross join lateral billing_private.find_organization(
        array(select value::uuid from jsonb_array_elements_text(r.read -> 'org_ids')),
        r.read ->> 'subscription', r.read ->> 'customer') found
      left join billing.subscriptions s on s.stripe_subscription_id = r.read ->> 'subscription'));
  end if;
  for one in
    select r.read, r.read ->> 'subscription' as id, r.read -> 'snapshot' as snapshot,
      (r.read ->> 'version')::bigint as version,
      array(select value::uuid from jsonb_array_elements_text(r.read -> 'org_ids')) as named, found.org, found.gone
    from jsonb_array_elements(request -> 'reads') as r (read)
    cross join lateral billing_private.find_organization(
      array(select value::uuid from jsonb_array_elements_text(r.read -> 'org_ids')),
      r.read ->> 'subscription', r.read ->> 'customer') found
    order by r.read ->> 'subscription'
  loop
    org := one.org;
    gone := one.gone;
    differences := '{}';
    current := null;
    if org is null then
      result := 'missing_org';
    else
      locked := '{}';
      loop
        select s.org_id into org_before from billing.subscriptions s where s.stripe_subscription_id = one.id;
        exit when dry or locked @> array_remove(array[org, org_before], null);
        perform billing_private.lock_organizations(array[org, org_before]);
        locked := locked || array_remove(array[org, org_before], null);
        select f.org, f.gone into org, gone
        from billing_private.find_organization(one.named, one.id, one.read ->> 'customer') f;
      end loop;
      select * into current from billing.subscriptions s where s.stripe_subscription_id = one.id;
      differences := billing_private.differences(org, current, one.snapshot);
      if gone and current.version is null and one.snapshot ->> 'status' in ('canceled', 'incomplete_expired')
        and billing_private.is_forgotten(org)
      then
        -- Of what has ended for an organization that is gone and forgotten, nothing is to be known again.
        result := 'same';
        differences := '{}';
      elsif differences = '{}' then
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
        if one.read ->> 'customer' is not null and not gone then
          insert into billing.customers (org_id, livemode, stripe_customer_id)
          values (org, (one.snapshot ->> 'livemode')::boolean, one.read ->> 'customer') on conflict do nothing;
        end if;
        perform billing_private.write_snapshot(org, one.snapshot, to_timestamp((one.read ->> 'observed_at')::bigint),
          (one.read ->> 'known_through')::bigint, (one.read ->> 'may_include')::bigint,
          make_interval(days => (request ->> 'grace_days')::int), cause);
        result := 'applied';
      else
        result := case when one.version is null then 'differs' else 'conflict' end;
      end if;
      if gone and not dry then
        perform billing_private.record_gone(org, cause);
      end if;
    end if;
    results := results || jsonb_build_object('subscription', one.id, 'org_id', org, 'outcome', result,
      'version', coalesce(current.version, 0), 'differences', differences);
  end loop;
  return results;
end $$;
revoke all on function billing.pf_apply_reads(jsonb) from public;
grant execute on function billing.pf_apply_reads(jsonb) to service_role, billing_events, billing_operator;
