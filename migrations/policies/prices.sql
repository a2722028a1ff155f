-- Which price sells which plan is the operator's to read; pf_adopt_price says it.
select billing_private.reset_access('billing.prices');
create policy readers on billing.prices for select to service_role, billing_operator using (true);
grant select on billing.prices to service_role, billing_operator;
