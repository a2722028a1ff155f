-- Notes that what a subscription sells now is paid: an invoice of it was, at that second, and it is active.
-- Only the first time: of what follows, the states themselves tell (write_snapshot).
create or replace function billing_private.note_first_payment(current billing.subscriptions, created bigint)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if current.status = 'active' and current.paid_items is null then
    update billing.subscriptions s
    set paid_items = s.items, paid_period_start = s.current_period_start, paid_at = created
    where s.stripe_subscription_id = current.stripe_subscription_id;
  end if;
end $$;
revoke all on function billing_private.note_first_payment(billing.subscriptions, bigint) from public;
