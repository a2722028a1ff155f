-- The plan of every organization that the reader may see, and the subscription that explains it (null: it
-- never had one).
create or replace view billing.plan_effective with (security_invoker = true) as
select o.org_id, p.*
from billing_private.visible_organizations() as o (org_id)
cross join lateral billing_private.plan_of(o.org_id, (select billing_private.livemode())) p;
comment on view billing.plan_effective is
  'The plan of every organization, and the subscription that explains it (null: it never had one).';
revoke all on billing.plan_effective from public;
grant select on billing.plan_effective to authenticated, service_role, billing_viewer, billing_operator;
