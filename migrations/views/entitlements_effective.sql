-- All feature flags for every organization that the reader may see, one that never paid included.
create or replace view billing.entitlements_effective with (security_invoker = true) as
select o.org_id, f.feature, f.enabled, f.source, f.expires_at
from billing_private.visible_organizations() as o (org_id)
-- Of one row, and not a part of the call: else PostgreSQL could not put the function's body in here.
cross join lateral (select billing_private.livemode() as live offset 0) counts
cross join lateral billing_private.sources_of(o.org_id, counts.live) f;
comment on view billing.entitlements_effective is
  'All feature flags for every organization, one that never paid included.';
revoke all on billing.entitlements_effective from public;
grant select on billing.entitlements_effective
  to authenticated, service_role, billing_viewer, billing_operator;
