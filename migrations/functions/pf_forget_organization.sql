-- Removes an organization's rows from every table of billing, and leaves a row for an auditor that does not
-- say whose it was; not the organization and its members, which are the application's. While it has a live
-- subscription, only with even_if_live: the next event or comparison would bring the rows back. Answers
-- {live, removed}: its live subscriptions, and the rows that went, by table (null: nothing was done).
create or replace function billing.pf_forget_organization(org uuid, even_if_live boolean,
  by_whom text) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  live text[];
  at_stripe text[];
  removed jsonb := '{}';
  rows bigint;
  name text;
begin
  perform set_config('billing.cause', by_whom, true);
  perform billing_private.lock_organizations(array[org]);
  select coalesce(array_agg(s.stripe_subscription_id order by s.stripe_subscription_id), '{}') into live
  from billing.subscriptions s
  where s.org_id = org and billing_private.binds(s);
  if live <> '{}' and not even_if_live then
    return jsonb_build_object('live', live, 'removed', null);
  end if;
  -- Their events may still come, and some name only these: found by their hashes, they are nobody's then, and
  -- no error.
  select coalesce(array_agg(distinct encode(sha256(convert_to(ids.id, 'UTF8')), 'hex')), '{}') into at_stripe
  from (
    select c.stripe_customer_id as id from billing.customers c where c.org_id = org
    union all
    select unnest(array[s.stripe_customer_id, s.stripe_subscription_id]) from billing.subscriptions s
      where s.org_id = org) ids;
  -- What a price sells stays known: others may pay it.
  update billing.prices r set org_id = null, sold = false where r.org_id = org;
  foreach name in array array['notifications', 'entitlements', 'subscriptions', 'payments', 'charges',
    'customers', 'webhook_events', 'runs',
    -- Last: what went before was noted there.
    'history'] loop
    execute format('delete from billing.%I where org_id = $1', name) using org;
    get diagnostics rows = row_count;
    removed := removed || jsonb_build_object(name, rows);
  end loop;
  delete from billing_private.syncs y where y.org_id = org;
  -- While the application has it, it is told what is left, and the row goes when it was: also if all that was
  -- left was a message that waited.
  if not exists (select from billing.organizations o where o.id = org) then
    delete from billing.notifications n where n.org_id = org;
  elsif (removed ->> 'notifications')::bigint > 0 then
    perform billing_private.note_changes(array[org]);
  end if;
  perform billing_private.record(null, 'billing_data_forgotten', null, null, by_whom, jsonb_build_object(
    'organization_sha256', encode(sha256(convert_to(org::text, 'UTF8')), 'hex'), 'at_stripe_sha256',
      at_stripe, 'removed', removed));
  return jsonb_build_object('live', live, 'removed', removed);
end $$;
revoke all on function billing.pf_forget_organization(uuid, boolean, text) from public;
grant execute on function billing.pf_forget_organization(uuid, boolean, text)
  to service_role, billing_operator;
