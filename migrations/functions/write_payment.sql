-- Records a one-time payment and, once it is paid, grants its add-ons. A state never goes back: unpaid,
-- failed, paid. Answers applied, or stale if a later state stands already.
create or replace function billing_private.write_payment(org uuid, payment jsonb) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  written billing.payments := jsonb_populate_record(null::billing.payments, payment);
  order_of constant text[] := array['unpaid', 'failed', 'no_payment_required', 'paid'];
begin
  insert into billing.payments as p
    (stripe_checkout_session_id, org_id, livemode, amount_cents, currency, payment_status, addon_features,
     addon_expires_at)
  values (written.stripe_checkout_session_id, org, written.livemode, written.amount_cents, written.currency,
    written.payment_status, written.addon_features, written.addon_expires_at)
  on conflict (stripe_checkout_session_id) do update
    set payment_status = excluded.payment_status, updated_at = now()
    where array_position(order_of, p.payment_status) < array_position(order_of, excluded.payment_status);
  if not found then
    return 'stale';
  end if;
  if written.payment_status in ('paid', 'no_payment_required') then
    insert into billing.entitlements (org_id, source, livemode, feature, source_id, expires_at)
    select org, 'addon', written.livemode, feature, written.stripe_checkout_session_id, written.addon_expires_at
    from unnest(written.addon_features) as feature
    on conflict on constraint entitlements_unique do nothing;
  end if;
  return 'applied';
end $$;
revoke all on function billing_private.write_payment(uuid, jsonb) from public;
