-- A member reads the rows of their organizations; the server role and the operator read all.
select billing_private.reset_access('billing.customers');
create policy members on billing.customers for select to authenticated, billing_viewer
  using (org_id = any (array(select billing_private.my_orgs())));
create policy everybody on billing.customers to service_role using (true) with check (true);
create policy operator on billing.customers for select to billing_operator using (true);
grant select on billing.customers to authenticated, billing_viewer, billing_operator;
grant select, insert, update, delete on billing.customers to service_role;
