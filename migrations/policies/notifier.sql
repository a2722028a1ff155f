-- Nobody but our functions says what was told.
select billing_private.reset_access('billing_private.notifier');
