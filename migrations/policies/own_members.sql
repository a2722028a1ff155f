-- A new application's server makes organizations and members; everybody else reads them through functions.
select billing_private.reset_access('billing.own_members');
create policy everybody on billing.own_members to service_role using (true) with check (true);
grant select, insert, update, delete on billing.own_members to service_role;
