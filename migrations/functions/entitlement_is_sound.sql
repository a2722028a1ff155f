-- Whether a row of `entitlements` says what rows of its source say. A plan is one row, and its flags come
-- from plan_entitlements: so a change of the matrix counts at once. An override decides alone: there is one
-- for each feature, in either mode. A function, because the text of a check is read anew by each statement
-- that writes a row, and this one is long.
create or replace function billing_private.entitlement_is_sound(entitlement billing.entitlements)
returns boolean language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  is_flag constant boolean := entitlement.feature is not null
    and num_nonnulls(entitlement.plan_code, entitlement.units, entitlement.extra_seats, entitlement.own) = 0;
begin
  return case entitlement.source
    when 'plan' then entitlement.enabled and entitlement.feature is null
      and num_nulls(entitlement.plan_code, entitlement.units, entitlement.extra_seats, entitlement.own) = 0
    when 'addon' then entitlement.enabled and is_flag
    when 'trial' then entitlement.enabled and is_flag
    when 'override' then is_flag and num_nonnulls(entitlement.livemode, entitlement.source_id) = 0
    else false end;
end $$;
revoke all on function billing_private.entitlement_is_sound(billing.entitlements) from public;
grant execute on function billing_private.entitlement_is_sound(billing.entitlements) to service_role;

alter table billing.entitlements
  drop constraint if exists entitlements_sound,
  add constraint entitlements_sound check (billing_private.entitlement_is_sound(entitlements));
