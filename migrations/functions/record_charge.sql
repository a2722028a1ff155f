-- Records that money of a charge went back, or how its dispute stands, in the trail of the organization whose
-- it is.
create or replace function billing_private.record_charge(before billing.charges, after billing.charges,
  cause text)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  charge constant jsonb := jsonb_build_object(
    'charge', after.stripe_charge_id, 'amount_cents', after.amount_cents, 'currency', after.currency);
begin
  if after.org_id is null then
    return;
  end if;
  if after.refunded_cents is distinct from coalesce(before.refunded_cents, 0) then
    perform billing_private.record(after.org_id, 'payment_refunded', coalesce(before.refunded_cents, 0)::text,
      after.refunded_cents::text, cause, charge);
  end if;
  if after.dispute_status is distinct from before.dispute_status then
    perform billing_private.record(after.org_id, 'payment_disputed', before.dispute_status,
      after.dispute_status, cause,
      charge);
  end if;
end $$;
revoke all on function billing_private.record_charge(billing.charges, billing.charges, text) from public;
