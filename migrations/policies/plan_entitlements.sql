-- Whoever is signed in may read what is sold.
select billing_private.reset_access('billing.plan_entitlements');
create policy readers on billing.plan_entitlements for select
  to authenticated, billing_viewer, billing_operator using (true);
create policy everybody on billing.plan_entitlements to service_role using (true) with check (true);
grant select on billing.plan_entitlements to authenticated, billing_viewer, billing_operator;
grant select, insert, update, delete on billing.plan_entitlements to service_role;
