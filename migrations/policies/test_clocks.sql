-- The time of Stripe's test clocks is the operator's to read.
select billing_private.reset_access('billing.test_clocks');
create policy readers on billing.test_clocks for select to service_role, billing_operator using (true);
grant select on billing.test_clocks to service_role, billing_operator;
