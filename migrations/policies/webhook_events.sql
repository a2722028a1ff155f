-- Stripe's events are the operator's to read, through the table and not through its partitions.
select billing_private.reset_access('billing.webhook_events');
create policy readers on billing.webhook_events for select to service_role, billing_operator using (true);
grant select on billing.webhook_events to service_role, billing_operator;
select billing_private.reset_access('billing.webhook_events_other');
-- Here, because it is the last table that has months.
select billing_private.make_months();
