-- What Stripe said. Ids, states, times and amounts only: no payload, no personal data.

create table public.billing_customers (
  org_id uuid not null references public.organizations (id) on delete cascade,
  livemode boolean not null,
  stripe_customer_id text not null,
  last_checkout_session_id text,
  created_at timestamptz not null default now(),
  primary key (org_id, livemode),
  constraint billing_customers_stripe_customer_id_unique unique (stripe_customer_id)
);

create index billing_customers_livemode on public.billing_customers (livemode) where livemode;
comment on column public.billing_customers.last_checkout_session_id is 'Whoever opens a newer session puts it here and expires the one before: so at most one is open.';

create table public.subscriptions (
  stripe_subscription_id text primary key,
  org_id uuid not null references public.organizations (id) on delete cascade,
  livemode boolean not null,
  stripe_customer_id text not null,
  status text not null,
  pause_behavior text,
  plan_code text not null references public.plans (plan_code),
  price_id text,
  billing_interval text,
  quantity integer not null default 1,
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  cancel_at timestamptz,
  trial_end timestamptz,
  past_due_since timestamptz,
  grace_until timestamptz,
  stripe_created_at timestamptz not null,
  version bigint not null default 1,
  known_through bigint not null,
  may_include bigint not null,
  updated_at timestamptz not null default now(),
  constraint subscriptions_quantity_not_negative check (quantity >= 0)
);
create index subscriptions_org_id on public.subscriptions (org_id);
comment on column public.subscriptions.status is 'As Stripe says it. No list of known values: one that Stripe adds later is kept, and grants nothing.';
comment on column public.subscriptions.pause_behavior is 'pause_collection.behavior; void grants nothing.';
comment on column public.subscriptions.cancel_at is 'When access ends, if it is cancelled: Stripe''s cancel_at, or the period''s end.';
comment on column public.subscriptions.grace_until is 'past_due_since + GRACE_DAYS: until then a past_due subscription grants its plan.';
comment on column public.subscriptions.version is 'Grows with every write; a read of Stripe is written only if it did not grow meanwhile.';
comment on column public.subscriptions.known_through is 'Stripe''s clock, whole seconds: every change up to then is in the row.';
comment on column public.subscriptions.may_include is 'Stripe''s clock, whole seconds: no change after then is in the row.';

create table public.payments (
  stripe_checkout_session_id text primary key,
  org_id uuid not null references public.organizations (id) on delete cascade,
  livemode boolean not null,
  amount_cents bigint,
  currency text,
  payment_status text not null,
  addon_features text[] not null default '{}',
  addon_expires_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint payments_payment_status_known check (payment_status in ('unpaid', 'failed', 'no_payment_required', 'paid'))
);
create index payments_org_id on public.payments (org_id);
comment on table public.payments is 'One-time payments: checkout sessions of mode payment.';

create table public.webhook_events (
  event_id text primary key,
  type text not null,
  livemode boolean not null,
  api_version text,
  stripe_created_at timestamptz not null,
  org_id uuid references public.organizations (id) on delete cascade,
  status text not null,
  outcome text,
  error_code text,
  attempts integer not null default 1,
  milliseconds integer,
  first_received_at timestamptz not null default now(),
  last_attempt_at timestamptz not null default now(),
  next_retry_at timestamptz,
  processed_at timestamptz,
  constraint webhook_events_status_known check (status in ('received', 'processed', 'failed')),
  constraint webhook_events_processed_has_outcome check ((status = 'processed') = (outcome is not null))
);
create index webhook_events_last_attempt_at on public.webhook_events (last_attempt_at);
create index webhook_events_org_id on public.webhook_events (org_id);
create index webhook_events_next_retry_at on public.webhook_events (next_retry_at) where status = 'failed';
comment on column public.webhook_events.status is 'received: a read of Stripe is under way, or was cut off; processed: its effects are committed; failed: nothing was changed.';
comment on column public.webhook_events.milliseconds is 'From the request''s arrival to the end of the work in the database.';

create table public.runs (
  id bigint generated always as identity primary key,
  org_id uuid references public.organizations (id) on delete cascade,
  kind text not null,
  telemetry jsonb not null,
  created_at timestamptz not null default now(),
  constraint runs_kind_known check (kind in ('plan_changed', 'subscription_status_changed', 'entitlement_overridden', 'unknown_plan', 'second_live_subscription'))
);
create index runs_org_id on public.runs (org_id);
comment on column public.runs.telemetry is 'from, to, cause (event id or command) and what else belongs to the kind. Written in the commit that caused it.';

alter table public.billing_customers enable row level security;
alter table public.billing_customers force row level security;
alter table public.subscriptions enable row level security;
alter table public.subscriptions force row level security;
alter table public.payments enable row level security;
alter table public.payments force row level security;
alter table public.webhook_events enable row level security;
alter table public.webhook_events force row level security;
alter table public.runs enable row level security;
alter table public.runs force row level security;

create policy billing_service on public.billing_customers to service_role, current_user using (true) with check (true);
create policy billing_service on public.subscriptions to service_role, current_user using (true) with check (true);
create policy billing_service on public.payments to service_role, current_user using (true) with check (true);
create policy billing_service on public.webhook_events to service_role, current_user using (true) with check (true);
create policy billing_service on public.runs to service_role, current_user using (true) with check (true);

create policy billing_members_read on public.billing_customers for select to authenticated
  using (org_id = any (array (select billing_private.my_orgs())));
create policy billing_members_read on public.subscriptions for select to authenticated
  using (org_id = any (array (select billing_private.my_orgs())));
create policy billing_members_read on public.payments for select to authenticated
  using (org_id = any (array (select billing_private.my_orgs())));

revoke all on public.billing_customers, public.subscriptions, public.payments, public.webhook_events, public.runs
  from anon, authenticated;
revoke all on sequence public.runs_id_seq from anon, authenticated;
grant select on public.billing_customers, public.subscriptions, public.payments to authenticated;
grant select, insert, update, delete
  on public.billing_customers, public.subscriptions, public.payments, public.webhook_events, public.runs to service_role;
