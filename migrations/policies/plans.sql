-- Whoever is signed in may read what is sold.
select billing_private.reset_access('billing.plans');
create policy readers on billing.plans for select
  to authenticated, billing_viewer, billing_operator using (true);
create policy everybody on billing.plans to service_role using (true) with check (true);
grant select on billing.plans to authenticated, billing_viewer, billing_operator;
grant select, insert, update, delete on billing.plans to service_role;
