-- Nobody but our functions locks an organization.
select billing_private.reset_access('billing_private.organization_locks');
