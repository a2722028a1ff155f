-- Only functions of ours read and write it.
select billing_private.reset_access('billing_private.syncs');
