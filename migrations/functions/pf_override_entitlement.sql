-- Switches one feature flag on or off for an organization, whatever its plan says; with `enabled` null it
-- takes that back. Says who did it and why, in the same commit. False: there was nothing to take back.
create or replace function billing.pf_override_entitlement(
  org uuid, flag text, enabled boolean, expires_at timestamptz, by_whom text, reason text
) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  before billing.entitlements;
begin
  if not exists (select from billing.plan_entitlements p where p.feature = flag) then
    raise exception 'unknown feature flag %', flag using errcode = 'invalid_parameter_value';
  end if;
  perform set_config('billing.cause', by_whom, true);
  perform billing_private.lock_organizations(array[org]);
  select * into before from billing.entitlements e
  where e.org_id = org and e.source = 'override' and e.feature = flag;
  if enabled is null then
    delete from billing.entitlements e where e.id = before.id;
    if not found then
      return false;
    end if;
  else
    insert into billing.entitlements as e (org_id, source, feature, enabled, expires_at)
    values (org, 'override', flag, pf_override_entitlement.enabled, pf_override_entitlement.expires_at)
    on conflict on constraint entitlements_unique
      do update set enabled = excluded.enabled, expires_at = excluded.expires_at;
  end if;
  perform billing_private.record(org, 'entitlement_overridden',
    case when before.id is not null then case when before.enabled then 'on' else 'off' end end,
    case when enabled is not null then case when enabled then 'on' else 'off' end end,
    by_whom, jsonb_build_object('feature', flag, 'until', expires_at, 'reason', reason));
  return true;
end $$;
revoke all on function billing.pf_override_entitlement(uuid, text, boolean, timestamptz, text, text)
  from public;
grant execute on function billing.pf_override_entitlement(uuid, text, boolean, timestamptz, text, text)
  to service_role, billing_operator;
