-- Forgetting what we know of an organization's billing, with a row for an auditor that does not say whose it was.

alter table public.runs drop constraint runs_kind_known;
alter table public.runs add constraint runs_kind_known check (kind in (
  'plan_changed', 'subscription_status_changed', 'entitlement_overridden', 'unknown_plan', 'second_live_subscription', 'billing_data_forgotten'));
comment on column public.runs.org_id is 'Null: billing_data_forgotten. Its telemetry holds the SHA-256 of the organization''s id: who knows the id can tell that it was this one.';

-- Removes an organization's rows from every table of billing; not the organization and its members, which are the application's.
-- While it has a live subscription, only with even_if_live: the next event or comparison would bring the rows back.
-- Answers {live, removed}: its live subscriptions, and the rows that went, by table (null: nothing was done).
create function public.pf_forget_organization(org uuid, even_if_live boolean, by_whom text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  live text[];
  removed jsonb := '{}';
  rows bigint;
  name text;
begin
  perform billing_private.lock_organization(org);
  select coalesce(array_agg(s.stripe_subscription_id order by s.stripe_subscription_id), '{}') into live
  from public.subscriptions s where s.org_id = org and s.status not in ('incomplete', 'incomplete_expired', 'canceled');
  if live <> '{}' and not even_if_live then
    return jsonb_build_object('live', live, 'removed', null);
  end if;
  foreach name in array array['entitlements', 'subscriptions', 'payments', 'billing_customers', 'webhook_events', 'runs'] loop
    execute format('delete from public.%I where org_id = $1', name) using org;
    get diagnostics rows = row_count;
    removed := removed || jsonb_build_object(name, rows);
  end loop;
  perform billing_private.record(null, 'billing_data_forgotten', null, null, by_whom,
    jsonb_build_object('organization_sha256', encode(sha256(convert_to(org::text, 'UTF8')), 'hex'), 'removed', removed));
  return jsonb_build_object('live', live, 'removed', removed);
end $$;

revoke all on function public.pf_forget_organization(uuid, boolean, text) from public, anon, authenticated;
grant execute on function public.pf_forget_organization(uuid, boolean, text) to service_role, billing_operator;
