-- Records each recurring add-on that is among the rows `wanted` and not among `stored`, or the other way
-- round.
create or replace function billing_private.record_addons(
  org uuid, stored billing.entitlements[], wanted billing.entitlements[], cause text
) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  addons record;
begin
  for addons in
    select source_id,
      string_agg(w.feature, ',' order by w.feature) filter (where s.feature is null) as granted,
      string_agg(s.feature, ',' order by s.feature) filter (where w.feature is null) as ended,
      max(w.expires_at) as expires_at
    from (select * from unnest(stored) where source = 'addon') s
    full join (select * from unnest(wanted) where source = 'addon') w using (source_id, feature)
    where s.feature is null or w.feature is null
    group by source_id
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
revoke all on function billing_private.record_addons(
  uuid, billing.entitlements[], billing.entitlements[], text) from public;
