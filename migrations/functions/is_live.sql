-- Whether a subscription in this status binds its customer: another one would charge twice. One whose first
-- payment is still open does not, because it ends by itself within a day; nor does one that is paused at the
-- end of its trial, because nothing is charged. `shared::domain::status` says the same in Rust.
create or replace function billing_private.is_live(status text) returns boolean
language sql immutable
return status not in ('incomplete', 'paused') and not billing_private.is_ended(status);
revoke all on function billing_private.is_live(text) from public;
grant execute on function billing_private.is_live(text) to service_role, billing_operator;
