-- Makes `plan_code` the organization's plan, until its next event says what is paid for. Add-ons, trials and
-- overrides stay.
create or replace function billing.pf_apply_plan_entitlements(org_id uuid, plan_code text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  stored billing.entitlements[];
  wanted billing.entitlements;
begin
  if org_id is null or plan_code is null
    or not exists (select from billing.plans p where p.plan_code = pf_apply_plan_entitlements.plan_code)
  then
    raise exception 'unknown plan_code %', plan_code using errcode = 'invalid_parameter_value';
  end if;
  perform set_config('billing.cause', 'pf_apply_plan_entitlements', true);
  perform billing_private.lock_organizations(array[org_id]);
  select array_agg(e) into stored
  from billing.entitlements e where e.org_id = pf_apply_plan_entitlements.org_id and e.source = 'plan';
  wanted.source := 'plan';
  wanted.plan_code := plan_code;
  wanted.units := 1;
  wanted.extra_seats := 0;
  wanted.own := true;
  wanted.org_id := org_id;
  perform billing_private.replace_entitlements(
    org_id, coalesce(stored, '{}'), array[wanted], 'pf_apply_plan_entitlements');
end $$;
revoke all on function billing.pf_apply_plan_entitlements(uuid, text) from public;
grant execute on function billing.pf_apply_plan_entitlements(uuid, text) to service_role, billing_operator;
