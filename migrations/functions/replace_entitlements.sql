-- Puts the rows `wanted` in the place of the rows `stored`: writes only what differs, and records the change
-- of the highest plan, and each add-on that comes or goes.
create or replace function billing_private.replace_entitlements(
  org uuid, stored billing.entitlements[], wanted billing.entitlements[], cause text
) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  highest_before text;
  highest_after text;
  addons record;
begin
  if not exists (
    (select s.source, s.livemode, s.plan_code, s.feature, s.source_id, s.units, s.extra_seats, s.own, s.expires_at
      from unnest(stored) s
      except all
      select w.source, w.livemode, w.plan_code, w.feature, w.source_id, w.units, w.extra_seats, w.own, w.expires_at
      from unnest(wanted) w))
    and cardinality(stored) = cardinality(wanted)
  then
    return;
  end if;
  delete from billing.entitlements e using unnest(stored) s
  where e.id = s.id and not exists (
    select from unnest(wanted) w
    where (s.source, s.livemode, s.plan_code, s.feature, s.source_id)
      is not distinct from (w.source, w.livemode, w.plan_code, w.feature, w.source_id));
  insert into billing.entitlements as e
    (org_id, source, livemode, plan_code, feature, source_id, units, extra_seats, own, expires_at)
  select org, w.source, w.livemode, w.plan_code, w.feature, w.source_id, w.units, w.extra_seats, w.own, w.expires_at
  from unnest(wanted) w
  on conflict on constraint entitlements_unique do update
    set units = excluded.units, extra_seats = excluded.extra_seats, own = excluded.own, expires_at = excluded.expires_at
    where (e.units, e.extra_seats, e.own, e.expires_at)
      is distinct from (excluded.units, excluded.extra_seats, excluded.own, excluded.expires_at);
  select
    coalesce((select p.plan_code from unnest(stored) s join billing.plans p using (plan_code) order by p.rank desc limit 1),
      'pilot'),
    coalesce((select p.plan_code from unnest(wanted) w join billing.plans p using (plan_code) order by p.rank desc limit 1),
      'pilot')
  into highest_before, highest_after;
  if highest_before <> highest_after then
    perform billing_private.record(org, 'plan_changed', highest_before, highest_after, cause);
  end if;
  for addons in
    select coalesce(s.source_id, w.source_id) as source_id,
      string_agg(w.feature, ',' order by w.feature) filter (where s.feature is null) as granted,
      string_agg(s.feature, ',' order by s.feature) filter (where w.feature is null) as ended,
      max(w.expires_at) as expires_at
    from (select * from unnest(stored) where source = 'addon') s
    full join (select * from unnest(wanted) where source = 'addon') w using (source_id, feature)
    where s.feature is null or w.feature is null
    group by 1
  loop
    if addons.granted is not null then
      perform billing_private.record(org, 'addon_granted', null, addons.granted, cause,
        jsonb_build_object('source', addons.source_id, 'until', addons.expires_at));
    end if;
    if addons.ended is not null then
      perform billing_private.record(org, 'addon_ended', addons.ended, null, cause,
        jsonb_build_object('source', addons.source_id));
    end if;
  end loop;
end $$;
revoke all on function billing_private.replace_entitlements(uuid, billing.entitlements[], billing.entitlements[], text)
  from public;
