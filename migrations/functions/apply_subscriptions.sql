-- Makes the organization's plans and recurring add-ons what its subscriptions grant now: writes only what
-- differs, and records it. The other mode's rows, one-time add-ons, trials and overrides are not touched.
create or replace function billing_private.apply_subscriptions(org uuid, mode boolean,
  cause text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  wanted billing.entitlements[] := array(select g from billing_private.granted(org, mode) g);
  stored constant billing.entitlements[] := array(select w from billing_private.written(org, mode) w);
  explained billing.entitlements;
begin
  if (wanted[1]).source is distinct from 'plan' then
    explained := billing_private.granted_nothing(org, mode);
    if explained.org_id is not null then
      wanted := explained || wanted;
    end if;
  end if;
  if wanted <> stored then
    perform billing_private.replace_entitlements(org, stored, wanted, cause);
  end if;
end $$;
revoke all on function billing_private.apply_subscriptions(uuid, boolean, text) from public;
