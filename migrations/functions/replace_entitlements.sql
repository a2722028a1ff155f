-- Puts the rows `wanted` in the place of the rows `stored`, both with the plans first, and records the change
-- of the highest plan, and each add-on that comes or goes. Answers whether it recorded anything.
create or replace function billing_private.replace_entitlements(
  org uuid, stored billing.entitlements[], wanted billing.entitlements[], cause text
) returns boolean language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  before constant billing.entitlements := stored[1];
  after constant billing.entitlements := wanted[1];
  highest_before text := before.plan_code;
  highest_after text := after.plan_code;
  recorded boolean := false;
begin
  -- Most organizations have one subscription: one row changes, and the plan is that row's.
  if cardinality(stored) <= 1 and cardinality(wanted) = 1 and coalesce(before.source, 'plan') = 'plan' then
    update billing.entitlements e
    set livemode = after.livemode, plan_code = after.plan_code, source_id = after.source_id,
      units = after.units,
      extra_seats = after.extra_seats, own = after.own, expires_at = after.expires_at
    where e.org_id = org and e.source = 'plan' and e.livemode is not distinct from before.livemode
      and e.plan_code = before.plan_code and e.source_id is not distinct from before.source_id;
    if not found then
      insert into billing.entitlements
        (org_id, source, livemode, plan_code, source_id, units, extra_seats, own, expires_at)
      values (org, 'plan', after.livemode, after.plan_code, after.source_id, after.units, after.extra_seats,
        after.own, after.expires_at);
    end if;
  else
    perform billing_private.replace_several(org, stored, wanted);
    select
      (select p.plan_code from unnest(stored) s
        join billing.plans p using (plan_code) order by p.rank desc limit 1),
      (select p.plan_code from unnest(wanted) w
        join billing.plans p using (plan_code) order by p.rank desc limit 1)
    into highest_before, highest_after;
  end if;
  if coalesce(highest_before, 'pilot') <> coalesce(highest_after, 'pilot') then
    recorded := billing_private.record(
      org, 'plan_changed', coalesce(highest_before, 'pilot'), coalesce(highest_after, 'pilot'), cause);
  end if;
  if 'addon' in ((stored[cardinality(stored)]).source, (wanted[cardinality(wanted)]).source) then
    perform billing_private.record_addons(org, stored, wanted, cause);
    recorded := true;
  end if;
  return recorded;
end $$;
revoke all on function billing_private.replace_entitlements(
  uuid, billing.entitlements[], billing.entitlements[], text) from public;
