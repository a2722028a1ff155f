-- Makes `plans` the organization's plans in a mode (each with the time it expires, or null), writes only what
-- differs, and records the change of the highest one. The other mode's plans, add-ons, trials and overrides
-- are not touched; a plan without a mode gives way to what is paid for, and takes the place of all.
create or replace function billing_private.set_plans(
  org uuid, mode boolean, plans text[], expiries timestamptz[], cause text
) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  highest_before text;
  highest_after text;
begin
  select coalesce((
    select p.plan_code from billing.entitlements e join billing.plans p using (plan_code)
    where e.org_id = org and e.source = 'plan' and (mode is null or e.livemode is null or e.livemode = mode)
    order by p.rank desc limit 1), 'pilot') into highest_before;
  delete from billing.entitlements e
  where e.org_id = org and e.source = 'plan'
    and (mode is null or e.livemode is null or e.livemode = mode)
    and (e.livemode is distinct from mode or e.plan_code <> all (plans));
  insert into billing.entitlements as e (org_id, source, livemode, plan_code, expires_at)
  select org, 'plan', mode, wanted.plan_code, wanted.expires_at
  from unnest(plans, expiries) as wanted (plan_code, expires_at)
  on conflict on constraint entitlements_unique do update set expires_at = excluded.expires_at
    where e.expires_at is distinct from excluded.expires_at;
  select coalesce((
    select p.plan_code from billing.plans p where p.plan_code = any (plans) order by p.rank desc limit 1), 'pilot')
    into highest_after;
  if highest_before <> highest_after then
    perform billing_private.record(org, 'plan_changed', highest_before, highest_after, cause);
  end if;
end $$;
revoke all on function billing_private.set_plans(uuid, boolean, text[], timestamptz[], text) from public;
