-- Makes the organization's plans and recurring add-ons what its subscriptions grant now: writes only what
-- differs, and records it. The other mode's rows, one-time add-ons, trials and overrides are not touched.
-- Answers whether anything differed.
create or replace function billing_private.apply_subscriptions(org uuid, mode boolean,
  cause text) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  wanted billing.entitlements[] := billing_private.granted(org, mode);
  stored constant billing.entitlements[] := billing_private.written(org, mode);
  explained billing.entitlements;
  recorded boolean;
begin
  if (wanted[1]).source is distinct from 'plan' then
    explained := billing_private.granted_nothing(org, mode);
    if explained.org_id is not null then
      wanted := explained || wanted;
    end if;
  end if;
  if wanted = stored then
    return false;
  end if;
  recorded := billing_private.replace_entitlements(org, stored, wanted, cause);
  return true;
end $$;
revoke all on function billing_private.apply_subscriptions(uuid, boolean, text) from public;
