-- Records what an event says of a charge: how much of it went back, or how its dispute stands; each as the
-- newest event says it. The add-ons of a one-time payment end with the money. Answers applied, or stale if a
-- newer state stands already. The charge, all of it but the ids null where the event does not say:
--   {stripe_charge_id, stripe_payment_intent_id, stripe_customer_id, livemode, amount_cents, refunded_cents,
--    currency, dispute_status}
-- `org`: null where nobody knows whose it is, yet or at all.
create or replace function billing_private.write_charge(org uuid, charge jsonb, created bigint,
  cause text) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  said constant billing.charges := jsonb_populate_record(null::billing.charges, charge);
  before billing.charges;
  after billing.charges;
  payment billing.payments;
begin
  select * into before from billing.charges c where c.stripe_charge_id = said.stripe_charge_id;
  after := before;
  after.stripe_charge_id := said.stripe_charge_id;
  after.stripe_payment_intent_id := coalesce(said.stripe_payment_intent_id, before.stripe_payment_intent_id);
  after.stripe_customer_id := coalesce(said.stripe_customer_id, before.stripe_customer_id);
  after.org_id := coalesce(org, before.org_id);
  after.livemode := said.livemode;
  after.currency := coalesce(before.currency, said.currency);
  after.amount_cents := coalesce(said.amount_cents, before.amount_cents);
  after.refunded_cents := coalesce(before.refunded_cents, 0);
  after.updated_at := now();
  if said.refunded_cents is not null and (before.refunded_at is null or created > before.refunded_at
    or created = before.refunded_at and said.refunded_cents > before.refunded_cents)
  then
    after.refunded_cents := said.refunded_cents;
    after.refunded_at := created;
  end if;
  -- What was lost stays lost while another dispute of the charge is open.
  if said.dispute_status is not null and (before.dispute_status is distinct from 'lost'
      or said.dispute_status = 'won')
    and (before.disputed_at is null or created > before.disputed_at
    or created = before.disputed_at and said.dispute_status in ('won', 'lost', 'warning_closed'))
  then
    after.dispute_status := said.dispute_status;
    after.disputed_at := created;
  end if;
  insert into billing.charges select after.*
  on conflict (stripe_charge_id) do update set
    stripe_payment_intent_id = excluded.stripe_payment_intent_id,
      stripe_customer_id = excluded.stripe_customer_id,
    org_id = excluded.org_id, currency = excluded.currency, amount_cents = excluded.amount_cents,
    refunded_cents = excluded.refunded_cents, refunded_at = excluded.refunded_at,
    dispute_status = excluded.dispute_status, disputed_at = excluded.disputed_at,
      updated_at = excluded.updated_at;
  -- Several refunds may come in one second: then the time stays as it is.
  if (after.refunded_cents, after.refunded_at, after.dispute_status, after.amount_cents, after.org_id)
    is not distinct from
    (before.refunded_cents, before.refunded_at, before.dispute_status, before.amount_cents, before.org_id)
  then
    return 'stale';
  end if;
  -- What is new to the organization, if only now it is known whose the charge is.
  perform billing_private.record_charge(
    case when before.org_id is not null then before end, after, cause);
  select * into payment from billing.payments p
    where p.stripe_payment_intent_id = after.stripe_payment_intent_id;
  if found then
    perform billing_private.settle_addons(payment, cause);
  end if;
  return 'applied';
end $$;
revoke all on function billing_private.write_charge(uuid, jsonb, bigint, text) from public;
