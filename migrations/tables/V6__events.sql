-- What happened: Stripe's events, the audit trail, and how far the reconciliation got.

-- A partition for each month in which Stripe made the events: what is past its retention goes at once, and
-- the indexes that are written to stay small. An event always has the same time, so its id stays unique.
-- `pf_prune_events` makes the months to come.
create table billing.webhook_events (
  event_id text not null,
  type text not null,
  livemode boolean not null,
  api_version text,
  stripe_created_at timestamptz not null,
  org_id uuid,
  status text not null,
  outcome text,
  error_code text,
  attempts integer not null default 1,
  milliseconds integer,
  first_received_at timestamptz not null default now(),
  last_attempt_at timestamptz not null default now(),
  next_retry_at timestamptz,
  processed_at timestamptz,
  primary key (event_id, stripe_created_at),
  constraint webhook_events_processed_has_outcome
    check (status = case when outcome is null then 'failed' else 'processed' end)
) partition by range (stripe_created_at);
create table billing.webhook_events_other partition of billing.webhook_events default;
comment on table billing.webhook_events_other is
  'Events of months that have no partition of their own, such as those of a test clock.';
create index webhook_events_org_id on billing.webhook_events (org_id);
create index webhook_events_next_retry_at on billing.webhook_events (next_retry_at) where status = 'failed';
comment on column billing.webhook_events.status is
  'processed: its effects are committed; failed: nothing was changed.';
comment on column billing.webhook_events.milliseconds is
  'From the request''s arrival to the end of the work in the database.';

-- A type: the check of a table is read anew by each statement that writes a row.
create domain billing.run_kind as text constraint run_kind_known check (value in (
  'plan_changed', 'subscription_status_changed', 'entitlement_overridden', 'unknown_plan',
  'second_live_subscription', 'paid_by_stranger', 'addon_granted', 'addon_ended', 'addon_unreadable',
  'payment_refunded', 'payment_disputed', 'organization_gone', 'customer_imported', 'price_adopted',
  'deal_made', 'deal_withdrawn', 'billing_data_forgotten', 'catalogue_changed'));

create table billing.runs (
  id bigint generated always as identity primary key,
  org_id uuid,
  kind billing.run_kind not null,
  telemetry jsonb not null,
  created_at timestamptz not null default now()
);
create index runs_org_id on billing.runs (org_id);
create index runs_forgotten on billing.runs ((telemetry ->> 'organization_sha256'))
  where kind = 'billing_data_forgotten';
create index runs_forgotten_at_stripe on billing.runs using gin ((telemetry -> 'at_stripe_sha256'))
  where kind = 'billing_data_forgotten';
comment on table billing.runs is 'The audit trail: who has what and why. Only added to.';
comment on column billing.runs.org_id is
  'Null: catalogue_changed; billing_data_forgotten. Its telemetry holds the SHA-256 of the organization''s '
  'id: '
  'who knows the id can tell that it was this one; the same of its ids at Stripe.';
comment on column billing.runs.telemetry is
  'from, to, cause (event id or command) and what else belongs to the kind. Written in the commit that '
  'caused it.';

create table billing.reconcile_cursors (
  name text not null,
  livemode boolean not null,
  position jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (name, livemode)
);
comment on table billing.reconcile_cursors is
  'How far each part of the reconciliation got: events (Unix seconds on Stripe''s clock), '
  'subscriptions (a page of Stripe''s list), backfill.';

-- The argument of pf_apply_event, which says what each is, and one item of its snapshot. Types, and no column
-- lists in the functions: from a type, one expression reads an argument, where a list needs a query.
create type billing_private.event as (
  id text, type text, created bigint, livemode boolean, api_version text,
  org_ids uuid[], reference uuid, customer text, subscription text, payment_intent text,
  snapshot jsonb, carried jsonb, thin boolean, open_discounts boolean,
  version bigint, observed_at bigint, known_through bigint, may_include bigint,
  payment jsonb, charge jsonb, test_clock text, frozen_at bigint,
  verdict text, grace_days integer, foreign_acknowledged boolean, elapsed_ms integer
);
create type billing_private.item as (
  price text, lookup_key text, plan_code text, quantity integer, seats integer, flags jsonb,
  unreadable text, "interval" text, interval_count integer, currency text
);
