-- Health says which version of the schema there is, `billing migrate --check` what is pending.
select billing_private.reset_access('billing.schema_history');
create policy readers on billing.schema_history for select
  to service_role, billing_reader, billing_operator using (true);
grant select on billing.schema_history to service_role, billing_reader, billing_operator;
