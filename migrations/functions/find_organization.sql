-- Whose an event or a read is, and what we know of what it names; all in one look. In this order:
--   the first of `named` that exists: the organizations that metadata names, which only the account can
--     write; of a subscription that is not stored yet, also one that the application has deleted
--   `reference`, which a visitor may type, unless the subscription's own metadata has named one: it pays for
--     an organization, and does nothing else
--   that of the stored subscription, payment or customer
-- `org_named`: metadata says so. `own`: that, or the customer is the organization's. `gone`: the application
-- has deleted it, and only rows of ours, or the note that they were forgotten, know it; null and `gone`: the
-- note knows what it names at Stripe. `current`: the subscription's row. `noted_at`: the time of the event's
-- row, as where an event is told in both forms, their times may differ by seconds; null: there is no row.
-- `processed`: the row says so.
drop function if exists billing_private.find_organization(uuid[], uuid, text, text, text, text);
create or replace function billing_private.find_organization(
  named uuid[], reference uuid, event_id text, created timestamptz, subscription text, customer text,
  payment_intent text,
  out org uuid, out gone boolean, out org_named boolean, out own boolean, out customer_stored boolean,
  out noted_at timestamptz, out processed boolean, out current billing.subscriptions
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  found record;
begin
  -- What hardly any event needs has a query of its own below: each call prepares the whole of a query.
  select
    (select o.id from billing.organizations o where o.id = named[1]) as by_name,
    (select c.org_id from billing.customers c where c.stripe_customer_id = customer) as by_customer,
    w.stripe_created_at as noted_at, w.status = 'processed' as processed,
    (select s from billing.subscriptions s where s.stripe_subscription_id = subscription) as current
  into found
  from (select) one left join billing.webhook_events w on w.event_id = find_organization.event_id
    and w.stripe_created_at between created - interval '1 hour' and created + interval '1 hour';
  org := found.by_name;
  current := found.current;
  noted_at := found.noted_at;
  processed := found.processed;
  customer_stored := found.by_customer is not null;
  gone := false;
  org_named := org is not null;
  if org is null then
    -- The first name is the subscription's own. Paid for one that is gone, it is nobody else's, whoever else
    -- pays with the same customer.
    if named[1] is not null and (current.org_id is null or current.org_id = named[1])
      and (billing_private.holds(named[1]) or billing_private.is_forgotten(named[1]))
    then
      org := named[1];
    elsif cardinality(named) > 1 then
      select o.id into org
      from unnest(named) with ordinality as n (id, place) join billing.organizations o using (id)
      order by n.place limit 1;
    end if;
    if org is null and current.org_id is null then
      select n.id into org
      from unnest(named) with ordinality as n (id, place)
      where billing_private.holds(n.id) or billing_private.is_forgotten(n.id)
      order by n.place limit 1;
    end if;
    org_named := org is not null;
    gone := org_named and not exists (select from billing.organizations o where o.id = org);
    if org is null and reference is not null and current.org_named is not true then
      select o.id into org from billing.organizations o where o.id = reference;
    end if;
    if org is null then
      org_named := coalesce(current.org_named, false);
      org := coalesce(current.org_id, (
        select p.org_id from billing.payments p where p.stripe_payment_intent_id = payment_intent limit 1),
        found.by_customer);
      if org is null and payment_intent is not null then
        select s.org_id into org from billing.subscriptions s where s.stripe_customer_id = customer limit 1;
      end if;
      gone := org is not null and not exists (select from billing.organizations o where o.id = org);
    end if;
  end if;
  own := coalesce(org_named or org = found.by_customer, false);
  if org is null then
    gone := exists (
      select from billing.runs r
      where r.kind = 'billing_data_forgotten' and r.telemetry -> 'at_stripe_sha256' ?| array[
        encode(sha256(convert_to(subscription, 'UTF8')), 'hex'),
          encode(sha256(convert_to(customer, 'UTF8')), 'hex')]);
  end if;
end $$;
revoke all on function
  billing_private.find_organization(uuid[], uuid, text, timestamptz, text, text, text) from public;
