-- Whether a subscription in this status has ended: Stripe never revives it. `shared::domain::status` says the
-- same in Rust.
create or replace function billing_private.is_ended(status text) returns boolean
language sql immutable
return status in ('canceled', 'incomplete_expired');
revoke all on function billing_private.is_ended(text) from public;
grant execute on function billing_private.is_ended(text)
  to authenticated, service_role, billing_viewer, billing_operator;
