-- Whoever is signed in may read what is sold.
select billing_private.reset_access('billing.features');
create policy readers on billing.features for select
  to authenticated, billing_viewer, billing_operator using (true);
create policy everybody on billing.features to service_role using (true) with check (true);
grant select on billing.features to authenticated, billing_viewer, billing_operator;
grant select, insert, update, delete on billing.features to service_role;
