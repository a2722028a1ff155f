-- A member reads the rows of their organizations; the server role and the operator read all.
select billing_private.reset_access('billing.charges');
create policy members on billing.charges for select to authenticated, billing_viewer
  using (org_id = any (array(select billing_private.my_orgs())));
create policy everybody on billing.charges to service_role using (true) with check (true);
create policy operator on billing.charges for select to billing_operator using (true);
grant select on billing.charges to authenticated, billing_viewer, billing_operator;
grant select, insert, update, delete on billing.charges to service_role;
