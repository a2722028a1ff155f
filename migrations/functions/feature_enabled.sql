-- Whether a feature is on for an organization now, whoever asks: an unexpired override decides alone; else
-- any unexpired plan, add-on or trial grants it; else what everybody has. False for a feature that does not
-- exist.
create or replace function billing_private.feature_enabled(org uuid, feature text) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  mode constant boolean := billing_private.livemode();
  overridden boolean;
begin
  select e.enabled into overridden from billing.entitlements e
  where e.org_id = org and e.source = 'override' and e.feature = feature_enabled.feature
    and (e.expires_at is null or e.expires_at > now());
  return exists (select from billing.plan_entitlements p where p.plan_code = 'pilot'
    and p.feature = feature_enabled.feature)
    and coalesce(overridden,
      exists (
        select from billing.plan_entitlements p
        where p.plan_code = 'pilot' and p.feature = feature_enabled.feature and p.enabled)
      or exists (
        select from billing.entitlements e
        left join billing.plan_entitlements p
          on p.plan_code = e.plan_code and p.feature = feature_enabled.feature
        left join billing.plans versioned
          on versioned.plan_code = e.plan_code and versioned.versions <> '[]'
        where e.org_id = org and (e.expires_at is null or e.expires_at > now())
          and (e.livemode is null or e.livemode = mode)
          and e.source <> 'override' and (e.feature = feature_enabled.feature
            -- What it was for those who bought it before.
            or case when versioned.plan_code is null then p.enabled
              else coalesce(billing_private.kept_of(versioned, e.source_id) -> 'features'
                ? feature_enabled.feature, p.enabled) end)));
end $$;
revoke all on function billing_private.feature_enabled(uuid, text) from public;
grant execute on function billing_private.feature_enabled(uuid, text) to service_role, billing_operator;
