-- The audit trail is the operator's to read, and nobody's to change: rows come from functions alone.
select billing_private.reset_access('billing.runs');
create policy readers on billing.runs for select to service_role, billing_operator using (true);
grant select on billing.runs to service_role, billing_operator;
