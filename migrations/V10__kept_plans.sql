-- What is asked at every read and every event, as PL/pgSQL: its plans are kept for as long as the connection lasts. A statement without a
-- name is planned each time it is sent, and so is a function in SQL that cannot be inlined; that took most of a read's time. What they
-- do, and who may call them, stays as it was.

create or replace function billing_private.my_orgs() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return query select m.org_id from public.organization_members m where m.user_id = auth.uid();
end $$;

create or replace function billing_private.livemode() returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from public.billing_customers c where c.livemode);
end $$;

-- What an organization has, as row level security shows it to the user who asks: no row, if they are no member. Times are Unix seconds.
create function billing_private.read_entitlements(org uuid)
returns table (
  plan_code text, status text, seats integer, current_period_end bigint, cancel_at bigint, grace_ends_at bigint, features jsonb
) language plpgsql stable set search_path = '' as $$
begin
  return query
  select
    p.plan_code,
    p.status,
    p.seats,
    extract(epoch from p.current_period_end)::bigint,
    extract(epoch from p.cancel_at)::bigint,
    extract(epoch from p.grace_ends_at)::bigint,
    (select jsonb_object_agg(e.feature, e.enabled) from public.entitlements_effective e where e.org_id = p.org_id)
  from public.plan_effective p
  where p.org_id = org;
end $$;
revoke all on function billing_private.read_entitlements(uuid) from public;
grant execute on function billing_private.read_entitlements(uuid) to authenticated;

create or replace function billing_private.lock_organization(org uuid) returns void
language plpgsql set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(org::text, 0));
end $$;

create or replace function billing_private.ordering(created bigint, carries_subscription boolean, known_through bigint, may_include bigint, status text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return case
    -- Stripe never revives a subscription that has ended.
    when status in ('canceled', 'incomplete_expired') then 'covered'
    when created <= known_through then 'covered'
    when carries_subscription and created > may_include then 'write'
    else 'read'
  end;
end $$;

create or replace function billing_private.record(org uuid, kind text, from_value text, to_value text, cause text, detail jsonb default '{}') returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.runs (org_id, kind, telemetry)
  values (org, kind, jsonb_build_object('from', from_value, 'to', to_value, 'cause', cause) || detail);
end $$;

create or replace function billing_private.find_organization(named uuid[], subscription text, customer text) returns uuid
language plpgsql stable set search_path = '' as $$
begin
  return coalesce(
    (select o.id from unnest(named) with ordinality as n (id, place) join public.organizations o using (id) order by n.place limit 1),
    (select s.org_id from public.subscriptions s where s.stripe_subscription_id = subscription),
    (select c.org_id from public.billing_customers c where c.stripe_customer_id = customer));
end $$;
