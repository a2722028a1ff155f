-- What an organization has, for a user; null, if they are no member. As billing_private.standing_told says
-- it; what is null may be left out. Beside it:
--   role      the user's: owner, admin or member
--   position  up to where the primary's log is in the answer; null: this is no primary. It is looked at after
--             the snapshot was taken: no change that is in the answer lies behind it.
drop function if exists billing.read_entitlements(uuid, uuid);
create or replace function billing.read_entitlements(caller uuid, org uuid) returns json
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
-- A plan for these very values would be no better, and is made anew for each call.
set plan_cache_mode = force_generic_plan as $$
declare
  role text;
  granted integer := 0;
  has record;
  plan record;
  members integer;
  answer json;
begin
  select m.role into role from billing.members m
  where m.org_id = org and m.user_id = caller
  -- A members table may hold a person twice: the greater right counts.
  order by m.role <> 'owner', m.role <> 'admin' limit 1;
  if not found then
    return null;
  end if;
  for has in
    select e.livemode, e.plan_code, e.source_id, e.units, e.extra_seats,
      coalesce(e.expires_at > now(), true) as counts
    from billing.entitlements e where e.org_id = org
  loop
    granted := granted + 1;
  end loop;
  -- Most have one plan that is paid for and nothing else. Then nothing is to be added up, and four looks by a
  -- key take less time than the start of the large statement. (No row but a plan's has a `plan_code`.)
  if granted = 1 and has.counts then
    if has.livemode is not false or not (select l.live from billing_private.live_modes() l (live)) then
      select p.seats_included, p.all_features into plan from billing.plans p
      where p.plan_code = has.plan_code and p.rank > 0 and p.versions = '[]' and p.all_features <> '{}';
      if found then
        perform distinct m.user_id from billing.members m where m.org_id = org and m.user_id is not null;
        get diagnostics members = row_count;
        answer := (
          select to_json(told) from (
            select role, case when not pg_is_in_recovery() then pg_current_wal_insert_lsn() end as position,
              has.plan_code, s.status, s.billing_interval, s.interval_count,
              least(greatest(has.units, 1) * plan.seats_included + has.extra_seats, 2147483647) as seats,
              case when not billing_private.is_ended(s.status)
                then extract(epoch from s.current_period_end)::bigint end as current_period_end,
              case when not billing_private.is_ended(s.status)
                then extract(epoch from s.cancel_at)::bigint end as cancel_at,
              case when s.status = 'past_due' then extract(epoch from s.grace_until)::bigint end
                as grace_ends_at,
              case when s.status = 'trialing' then extract(epoch from s.trial_end)::bigint end
                as trial_ends_at,
              s.pause_behavior is not null as collection_paused, s.discounts, plan.all_features as features,
              members as seats_used
            from billing.subscriptions s
            where s.stripe_subscription_id = has.source_id and s.discounts = '[]' and s.schedule is null
          ) told);
      end if;
    end if;
  end if;
  if answer is null then
    answer := (
      select to_json(told) from (
        select role, case when not pg_is_in_recovery() then pg_current_wal_insert_lsn() end as position,
          every.*
        from billing_private.standing_told(org) every) told);
  end if;
  return answer;
end $$;
revoke all on function billing.read_entitlements(uuid, uuid) from public;
grant execute on function billing.read_entitlements(uuid, uuid) to service_role, billing_reader,
  billing_events;
