-- What Stripe said. Ids, states, times and amounts only: no payload, no personal data. `org_id` is no foreign
-- key: organizations are the application's, and what is billed outlives them until it is forgotten.

create table billing.customers (
  org_id uuid not null,
  livemode boolean not null,
  stripe_customer_id text not null,
  last_checkout_session_id text,
  synced_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (org_id, livemode),
  constraint customers_stripe_customer_id_unique unique (stripe_customer_id)
);
create index customers_livemode on billing.customers (livemode) where livemode;
comment on table billing.customers is 'The Stripe customer of an organization, one for each mode.';
comment on column billing.customers.last_checkout_session_id is
  'Whoever opens a newer session puts it here and expires the one before: so at most one is open.';
comment on column billing.customers.synced_at is
  'When a member last made us ask Stripe: it is asked once in five seconds.';

create table billing.subscriptions (
  stripe_subscription_id text primary key,
  org_id uuid not null,
  livemode boolean not null,
  stripe_customer_id text not null,
  status text not null,
  pause_behavior text,
  plan_code text not null references billing.plans (plan_code),
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
create index subscriptions_org_id on billing.subscriptions (org_id);
-- Where a page of Stripe's list, which is in the order of creation, has its place among our rows.
create index subscriptions_stripe_created_at on billing.subscriptions (stripe_created_at);
create index subscriptions_stripe_customer_id on billing.subscriptions (stripe_customer_id);
comment on column billing.subscriptions.status is
  'As Stripe says it. No list of known values: one that Stripe adds later is kept, and grants nothing.';
comment on column billing.subscriptions.pause_behavior is 'pause_collection.behavior; void grants nothing.';
comment on column billing.subscriptions.cancel_at is
  'When access ends, if it is cancelled: Stripe''s cancel_at, or the period''s end.';
comment on column billing.subscriptions.grace_until is
  'past_due_since + GRACE_DAYS: until then a past_due subscription grants its plan.';
comment on column billing.subscriptions.version is
  'Grows with every write; a read of Stripe is written only if it did not grow meanwhile.';
comment on column billing.subscriptions.known_through is
  'Stripe''s clock, whole seconds: every change up to then is in the row.';
comment on column billing.subscriptions.may_include is
  'Stripe''s clock, whole seconds: no change after then is in the row.';

create table billing.payments (
  stripe_checkout_session_id text primary key,
  org_id uuid not null,
  livemode boolean not null,
  amount_cents bigint,
  currency text,
  payment_status text not null,
  addon_features text[] not null default '{}',
  addon_expires_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint payments_payment_status_known
    check (payment_status in ('unpaid', 'failed', 'no_payment_required', 'paid'))
);
create index payments_org_id on billing.payments (org_id);
comment on table billing.payments is 'One-time payments: checkout sessions of mode payment.';
