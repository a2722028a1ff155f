-- The organization of an event: the first of the ids it names that exists, else that of the stored
-- subscription or customer. `gone`: the application has deleted it, and only rows of ours, or the note that
-- they were forgotten, know it; null and `gone`: the note knows what it names at Stripe.
create or replace function billing_private.find_organization(
  named uuid[], subscription text, customer text, out org uuid, out gone boolean
) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  gone := false;
  select o.id into org
  from unnest(named) with ordinality as n (id, place) join billing.organizations o using (id)
  order by n.place limit 1;
  if org is not null then
    return;
  end if;
  org := coalesce(
    (select s.org_id from billing.subscriptions s where s.stripe_subscription_id = subscription),
    (select c.org_id from billing.customers c where c.stripe_customer_id = customer));
  if org is null then
    select n.id into org
    from unnest(named) with ordinality as n (id, place)
    where billing_private.holds(n.id) or billing_private.is_forgotten(n.id)
    order by n.place limit 1;
    gone := org is not null or exists (
      select from billing.runs r
      where r.kind = 'billing_data_forgotten' and r.telemetry -> 'at_stripe_sha256' ?| array[
        encode(sha256(convert_to(subscription, 'UTF8')), 'hex'), encode(sha256(convert_to(customer, 'UTF8')), 'hex')]);
  else
    gone := not exists (select from billing.organizations o where o.id = org);
  end if;
end $$;
revoke all on function billing_private.find_organization(uuid[], text, text) from public;
