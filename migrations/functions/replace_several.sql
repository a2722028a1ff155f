-- Writes what differs between the rows `stored` and `wanted` of an organization.
create or replace function billing_private.replace_several(
  org uuid, stored billing.entitlements[], wanted billing.entitlements[]
) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  with gone as (
    delete from billing.entitlements e using unnest(stored) s
    where e.org_id = org and e.source = s.source and e.livemode is not distinct from s.livemode
      and e.plan_code is not distinct from s.plan_code and e.feature is not distinct from s.feature
      and e.source_id is not distinct from s.source_id
      and not exists (
        select from unnest(wanted) w
        where (s.source, s.livemode, s.plan_code, s.feature, s.source_id)
          is not distinct from (w.source, w.livemode, w.plan_code, w.feature, w.source_id)))
  insert into billing.entitlements as e
    (org_id, source, livemode, plan_code, feature, source_id, units, extra_seats, own, expires_at)
  select org, w.source, w.livemode, w.plan_code, w.feature, w.source_id, w.units, w.extra_seats, w.own,
    w.expires_at
  from unnest(wanted) w
  on conflict on constraint entitlements_unique do update
    set units = excluded.units, extra_seats = excluded.extra_seats, own = excluded.own,
      expires_at = excluded.expires_at
    where (e.units, e.extra_seats, e.own, e.expires_at)
      is distinct from (excluded.units, excluded.extra_seats, excluded.own, excluded.expires_at);
end $$;
revoke all on function billing_private.replace_several(uuid, billing.entitlements[], billing.entitlements[])
  from public;
