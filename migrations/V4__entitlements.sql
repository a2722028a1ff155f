-- Who has what, and until when.

create table public.entitlements (
  id bigint generated always as identity primary key,
  org_id uuid not null references public.organizations (id) on delete cascade,
  source text not null,
  livemode boolean,
  plan_code text references public.plans (plan_code),
  feature text,
  source_id text,
  enabled boolean not null default true,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  constraint entitlements_source_known check (source in ('plan', 'addon', 'trial', 'override')),
  -- A plan is one row and its flags come from plan_entitlements, so a change of the matrix counts at once and nothing can drift.
  constraint entitlements_plan_or_feature check ((source = 'plan') = (plan_code is not null) and (source = 'plan') = (feature is null)),
  constraint entitlements_only_override_denies check (enabled or source = 'override'),
  constraint entitlements_unique unique nulls not distinct (org_id, source, livemode, plan_code, feature, source_id)
);
comment on table public.entitlements is 'A plan that an organization has, or one feature flag from an add-on, a trial or an override.';
comment on column public.entitlements.livemode is 'The mode of the subscription or payment that granted it. Null: no payment did, and it counts in either mode.';
comment on column public.entitlements.source_id is 'What granted an add-on: the checkout session.';
comment on column public.entitlements.expires_at is 'Null: no end known. A plan whose subscription is past_due ends with its grace period.';

alter table public.entitlements enable row level security;
alter table public.entitlements force row level security;
create policy billing_service on public.entitlements to service_role, current_user using (true) with check (true);
create policy billing_members_read on public.entitlements for select to authenticated
  using (org_id = any (array (select billing_private.my_orgs())));
revoke all on public.entitlements from anon, authenticated;
revoke all on sequence public.entitlements_id_seq from anon, authenticated;
grant select on public.entitlements to authenticated;
grant select, insert, update, delete on public.entitlements to service_role;

-- The mode whose payments count: as soon as one organization is a customer in live mode, test payments grant nothing to anybody.
-- SECURITY DEFINER, because a member sees only their own organization's customer.
create function billing_private.livemode() returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from public.billing_customers c where c.livemode)
$$;
revoke all on function billing_private.livemode() from public;
grant execute on function billing_private.livemode() to authenticated, service_role;

create view public.entitlements_effective with (security_invoker = true) as
select
  o.id as org_id,
  everybody.feature,
  coalesce(decisive.enabled, everybody.enabled) as enabled,
  coalesce(decisive.source, 'plan') as source,
  decisive.expires_at
from public.organizations o
cross join public.plan_entitlements everybody
left join lateral (
  select e.source, e.enabled, e.expires_at
  from public.entitlements e
  left join public.plan_entitlements of_plan
    on of_plan.plan_code = e.plan_code and of_plan.feature = everybody.feature
  where e.org_id = o.id
    and (e.expires_at is null or e.expires_at > now())
    and (e.feature = everybody.feature or of_plan.enabled)
    and (e.livemode is null or e.livemode = (select billing_private.livemode()))
  -- An override decides alone; else the grant that lasts longest.
  order by e.source = 'override' desc, e.expires_at desc nulls first, e.source = 'plan' desc
  limit 1
) decisive on true
where everybody.plan_code = 'pilot';
comment on view public.entitlements_effective is 'All feature flags for every organization, one that never paid included.';

create view public.plan_effective with (security_invoker = true) as
select
  o.id as org_id,
  plan.plan_code,
  shown.status,
  least(plan.seats_included::bigint * case when shown.grants then greatest(shown.quantity, 1) else 1 end, 2147483647)::integer as seats,
  -- Of a subscription that has ended there is nothing to come.
  case when not shown.ended then shown.current_period_end end as current_period_end,
  case when not shown.ended then shown.cancel_at end as cancel_at,
  case when shown.status = 'past_due' then shown.grace_until end as grace_ends_at
from public.organizations o
cross join lateral (
  select p.plan_code, p.seats_included
  from public.plans p
  where p.plan_code = 'pilot'
    or exists (
      select from public.entitlements e
      where e.org_id = o.id and e.source = 'plan' and e.plan_code = p.plan_code
        and (e.expires_at is null or e.expires_at > now())
        and (e.livemode is null or e.livemode = (select billing_private.livemode())))
  order by p.rank desc
  limit 1
) plan
left join lateral (
  select s.status, s.quantity, s.current_period_end, s.cancel_at, s.grace_until,
    s.status in ('canceled', 'incomplete_expired') as ended,
    s.plan_code = plan.plan_code and s.pause_behavior is distinct from 'void'
      and (s.status in ('active', 'trialing') or s.status = 'past_due' and s.grace_until > now()) as grants
  from public.subscriptions s
  where s.org_id = o.id and s.livemode = (select billing_private.livemode())
  -- The one that grants the plan, rather one that is paid; else one that can still be mended; else the newest.
  order by grants desc, s.status = 'past_due', ended, s.stripe_created_at desc
  limit 1
) shown on true;
comment on view public.plan_effective is 'The plan of every organization, and the subscription that explains it (null: it never had one).';

revoke all on public.entitlements_effective, public.plan_effective from anon, authenticated;
grant select on public.entitlements_effective, public.plan_effective to authenticated, service_role;
