-- Keeps `plans.features` and `plans.all_features` what `plan_entitlements` says, in the same commit. A flag
-- that is added to any plan stands in everybody's answer.
create or replace function billing_private.plan_features() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  -- Not of its own insert, which fires it too.
  if tg_op = 'INSERT' and pg_trigger_depth() = 1 then
    -- A flag that only another plan names: everybody else has it off.
    insert into billing.plan_entitlements (plan_code, feature, enabled)
    select distinct 'pilot', e.feature, false from billing.plan_entitlements e
    where not exists (select from billing.plan_entitlements flag
      where flag.plan_code = 'pilot' and flag.feature = e.feature)
      and exists (select from billing.plans p where p.plan_code = 'pilot')
    on conflict do nothing;
  end if;
  -- Two at once: the second one reads what the first one wrote.
  perform from billing.plans p order by p.plan_code for update;
  with said as (
    select every.plan_code, coalesce(jsonb_object_agg(e.feature, e.enabled)
      filter (where e.enabled or e.plan_code = 'pilot'), '{}') as features
    from billing.plans every
    left join billing.plan_entitlements e on e.plan_code = every.plan_code and exists (
      select from billing.plan_entitlements flag where flag.plan_code = 'pilot' and flag.feature = e.feature)
    group by every.plan_code)
  update billing.plans p set features = said.features, all_features = everybody.features || said.features,
    versions = billing_private.followed(p.versions, p.features, said.features, everybody.features)
  from said, said everybody
  where everybody.plan_code = 'pilot' and p.plan_code = said.plan_code
    and (p.features <> said.features or p.all_features <> everybody.features || said.features
      or p.versions <> billing_private.followed(p.versions, p.features, said.features, everybody.features));
  return null;
end $$;
revoke all on function billing_private.plan_features() from public;
drop trigger if exists plan_features on billing.plan_entitlements;
create trigger plan_features
  after insert or update or delete or truncate on billing.plan_entitlements
  for each statement execute function billing_private.plan_features();
-- Runs it for the rows that there are.
update billing.plan_entitlements set enabled = enabled where false;
