-- Whether a subscription in this status grants its plan, as far as the status alone decides: a past_due one
-- does until grace_until, and one whose collection is paused as void does not. `shared::domain::status` says
-- the same in Rust.
create or replace function billing_private.is_granting(status text) returns boolean
language sql immutable
return status in ('active', 'trialing', 'past_due');
revoke all on function billing_private.is_granting(text) from public;
grant execute on function billing_private.is_granting(text)
  to authenticated, service_role, billing_viewer, billing_operator;
