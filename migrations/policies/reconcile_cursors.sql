-- How far the reconciliation got is the operator's to read; pf_store_cursor moves it.
select billing_private.reset_access('billing.reconcile_cursors');
create policy readers on billing.reconcile_cursors for select to service_role, billing_operator using (true);
grant select on billing.reconcile_cursors to service_role, billing_operator;
