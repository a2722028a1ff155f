-- Only added to by triggers; an operator reads what was so.
select billing_private.reset_access('billing.history');
create policy readers on billing.history for select to service_role, billing_operator using (true);
grant select on billing.history to service_role, billing_operator;
select billing_private.reset_access('billing.history_other');
