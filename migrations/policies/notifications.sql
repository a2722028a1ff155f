-- Only added to by functions of ours; an operator sees what waits.
select billing_private.reset_access('billing.notifications');
create policy readers on billing.notifications for select to service_role, billing_operator using (true);
grant select on billing.notifications to service_role, billing_operator;
