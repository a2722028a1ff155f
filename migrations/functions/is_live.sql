-- Whether a subscription in this status is charged: one whose first payment is still open is not, because it
-- ends by itself, nor is one that is paused (billing_private.binds). `shared::domain::status` says the same
-- in Rust.
create or replace function billing_private.is_live(status text) returns boolean
language sql immutable
return status not in ('incomplete', 'paused') and not billing_private.is_ended(status);
revoke all on function billing_private.is_live(text) from public;
grant execute on function billing_private.is_live(text) to service_role, billing_operator;
