-- Records a one-time payment and, once it is paid, grants its add-ons: the flags that there are, for as many
-- days as it says. What cannot be read grants nothing, and is recorded. A state never goes back: unpaid,
-- failed, paid. `outcome`: applied, or stale if a later state stands already. `unreadable`: what could not be
-- read, or null.
create or replace function billing_private.write_payment(
  org uuid, payment jsonb, cause text, out outcome text, out unreadable text
) language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  written billing.payments := jsonb_populate_record(null::billing.payments, payment);
  days constant text := payment ->> 'addon_days';
  order_of constant text[] := array['unpaid', 'failed', 'no_payment_required', 'paid'];
  charge billing.charges;
begin
  select coalesce(array_agg(f.flag order by f.flag) filter (where p.feature is not null), '{}'),
    string_agg(f.flag, ', ' order by f.flag) filter (where p.feature is null)
  into written.addon_features, unreadable
  from (select distinct jsonb_array_elements_text(payment -> 'addon_flags') as flag) f
  left join billing.plan_entitlements p on p.plan_code = 'pilot' and p.feature = f.flag;
  if days ~ '^0*[1-9][0-9]{0,4}$' then
    written.addon_expires_at := to_timestamp((payment ->> 'paid_at')::bigint)
      + make_interval(hours => 24 * days::integer);
  elsif days is not null then
    written.addon_features := '{}';
    unreadable := concat_ws(', ', unreadable, 'addon_days');
  end if;
  insert into billing.payments as p
    (stripe_checkout_session_id, stripe_payment_intent_id, org_id, livemode, amount_cents, currency,
      payment_status,
     addon_features, addon_expires_at, addon_unreadable)
  values (written.stripe_checkout_session_id, written.stripe_payment_intent_id, org, written.livemode,
    written.amount_cents, written.currency, written.payment_status, written.addon_features,
      written.addon_expires_at,
    unreadable)
  on conflict (stripe_checkout_session_id) do update
    set payment_status = excluded.payment_status, updated_at = now(),
      -- Its flags, too: one may be new in the catalogue since it was unpaid.
      addon_features = excluded.addon_features, addon_unreadable = excluded.addon_unreadable,
      addon_expires_at = excluded.addon_expires_at,
      stripe_payment_intent_id = coalesce(excluded.stripe_payment_intent_id, p.stripe_payment_intent_id)
    where array_position(order_of, p.payment_status) < array_position(order_of, excluded.payment_status)
  returning * into written;
  if not found then
    outcome := 'stale';
    return;
  end if;
  outcome := 'applied';
  if unreadable is not null and written.payment_status in ('paid', 'no_payment_required') then
    perform billing_private.record(org, 'addon_unreadable', null, null, cause,
      jsonb_build_object('session', written.stripe_checkout_session_id, 'unreadable', unreadable));
  end if;
  -- Its refund or dispute may have come first.
  for charge in
    update billing.charges c set org_id = org
    where c.stripe_payment_intent_id = written.stripe_payment_intent_id and c.org_id is null
    returning c.*
  loop
    perform billing_private.record_charge(null, charge, cause);
  end loop;
  perform billing_private.settle_addons(written, cause);
end $$;
revoke all on function billing_private.write_payment(uuid, jsonb, text) from public;
