-- Grants the add-ons of a one-time payment, or ends them: they last while the money is there. A full refund
-- and a lost dispute take it back; a partial refund and a dispute that is open or won do not.
create or replace function billing_private.settle_addons(payment billing.payments, cause text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  session constant text := payment.stripe_checkout_session_id;
  features text;
begin
  if payment.payment_status in ('paid', 'no_payment_required') and payment.addon_ended_by is null
    and not exists (
      select from billing.charges c
      where c.stripe_payment_intent_id = payment.stripe_payment_intent_id
        and (c.amount_cents > 0 and c.refunded_cents >= c.amount_cents or c.dispute_status = 'lost'))
  then
    with granted as (
      insert into billing.entitlements (org_id, source, livemode, feature, source_id, expires_at)
      select payment.org_id, 'addon', payment.livemode, feature, session, payment.addon_expires_at
      from unnest(payment.addon_features) as feature
      on conflict on constraint entitlements_unique do nothing
      returning feature)
    select string_agg(g.feature, ',' order by g.feature) into features from granted g;
    if features is not null then
      perform billing_private.record(payment.org_id, 'addon_granted', null, features, cause,
        jsonb_build_object('source', session, 'until', payment.addon_expires_at));
    end if;
  else
    with ended as (
      delete from billing.entitlements e
      where e.org_id = payment.org_id and e.source = 'addon' and e.source_id = session
      returning e.feature)
    select string_agg(e.feature, ',' order by e.feature) into features from ended e;
    if features is not null then
      perform billing_private.record(payment.org_id, 'addon_ended', features, null, cause,
        jsonb_build_object('source', session));
    end if;
  end if;
end $$;
revoke all on function billing_private.settle_addons(billing.payments, text) from public;
