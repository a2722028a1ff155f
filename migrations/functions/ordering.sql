-- Whether a subscription's row already has an event's state (covered), takes the event's snapshot (write), or
-- only Stripe knows (read). Times are whole seconds on Stripe's clock.
create or replace function billing_private.ordering(
  created bigint, carries_subscription boolean, known_through bigint, may_include bigint, status text
) returns text language sql immutable
return case
  -- Stripe never revives a subscription that has ended.
  when billing_private.is_ended(status) then 'covered'
  when created <= known_through then 'covered'
  when carries_subscription and created > may_include then 'write'
  else 'read'
end;
revoke all on function billing_private.ordering(bigint, boolean, bigint, bigint, text) from public;
