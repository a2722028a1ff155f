-- Makes the organization's plans and recurring add-ons what its subscriptions grant now: writes only what
-- differs, and records the change of the highest plan, and each add-on that comes or goes. The other mode's
-- rows, one-time add-ons, trials and overrides are not touched.
create or replace function billing_private.apply_subscriptions(org uuid, mode boolean, cause text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  wanted billing.entitlements[];
  stored billing.entitlements[];
begin
  select array(select g from billing_private.granted(org, mode) g order by g.plan_code, g.feature, g.source_id),
    array(select w from billing_private.written(org, mode) w)
  into wanted, stored;
  perform billing_private.replace_entitlements(org, stored, wanted, cause);
end $$;
revoke all on function billing_private.apply_subscriptions(uuid, boolean, text) from public;
