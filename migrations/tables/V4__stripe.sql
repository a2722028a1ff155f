-- What Stripe said. Ids, states, times and amounts only: no payload, no personal data. `org_id` is no foreign
-- key: organizations are the application's, and what is billed outlives them until it is forgotten.

create table billing.customers (
  org_id uuid not null,
  livemode boolean not null,
  stripe_customer_id text not null,
  last_checkout_session_id text,
  contact_user_id uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, livemode),
  constraint customers_stripe_customer_id_unique unique (stripe_customer_id)
);
create index customers_livemode on billing.customers (livemode) where livemode;
comment on table billing.customers is
  'The Stripe customer of an organization, one for each mode: made by us, or named by metadata that only the '
  'account can '
  'write, or imported. Never a stranger''s who paid for the organization.';
comment on column billing.customers.contact_user_id is
  'The user whose e-mail address Stripe has for the customer. Null: nobody''s that we told.';
comment on column billing.customers.last_checkout_session_id is
  'Whoever opens a newer session puts it here and expires the one before: so at most one is open.';

create table billing_private.syncs (
  org_id uuid not null,
  livemode boolean not null,
  synced_at timestamptz not null default now(),
  primary key (org_id, livemode)
);
comment on table billing_private.syncs is
  'When a member last made us ask Stripe about an organization: it is asked once in five seconds.';

create table billing.subscriptions (
  stripe_subscription_id text primary key,
  org_id uuid not null,
  org_named boolean not null default false,
  own boolean not null default true,
  livemode boolean not null,
  stripe_customer_id text,
  status text not null,
  pause_behavior text,
  plan_code text not null,
  price_id text,
  unknown_price text,
  billing_interval text,
  interval_count integer,
  currency text,
  quantity integer not null default 1,
  items jsonb not null default '[]',
  discounts jsonb not null default '[]',
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  cancel_at timestamptz,
  trial_end timestamptz,
  test_clock text,
  paid_items jsonb,
  paid_period_start timestamptz,
  paid_at bigint,
  past_due_since timestamptz,
  grace_until timestamptz,
  stripe_created_at timestamptz not null,
  version bigint not null default 1,
  known_through bigint not null,
  may_include bigint not null,
  updated_at timestamptz not null default now(),
  first_seen_at timestamptz not null default now(),
  bought jsonb not null default '{}',
  constraint subscriptions_quantity_not_negative check (quantity >= 0)
) with (fillfactor = 80);
create index subscriptions_org_id on billing.subscriptions (org_id);
-- Where a page of Stripe's list, which is in the order of creation, has its place among our rows.
create index subscriptions_stripe_created_at on billing.subscriptions (stripe_created_at);
create index subscriptions_stripe_customer_id on billing.subscriptions (stripe_customer_id);
create index subscriptions_test_clock on billing.subscriptions (test_clock) where test_clock is not null;
create index subscriptions_unknown_price on billing.subscriptions (unknown_price)
  where unknown_price is not null;
comment on column billing.subscriptions.first_seen_at is 'When its row was first written.';
comment on column billing.subscriptions.bought is
  'When it was moved to the plan that it sells, and to the one that was paid last, by our clock: {plan: '
  'time}. None: it began with it.';
comment on column billing.subscriptions.org_named is
  'Its own metadata, or that of its customer, names the organization.';
comment on column billing.subscriptions.own is
  'Named by metadata, or paid by the organization''s customer. False: somebody paid for the organization '
  'through a link '
  'and typed its id. That adds to what it may do, and takes nothing away.';
comment on column billing.subscriptions.stripe_customer_id is
  'Null: an account pays (Stripe''s customer_account).';
comment on column billing.subscriptions.items is
  'What is paid for: [{price, plan, quantity, seats, flags, interval, interval_count, currency}]; what does '
  'not apply is '
  'left out. plan: null where the price sells none; seats: for each unit of an item of extra seats; flags: '
  'an add-on''s.';
comment on column billing.subscriptions.discounts is
  'What is taken off: [{id, item, terms: {name, percent_off, amount_off, currency, duration, ends_at}}]. '
  'item: it is an item''s own. No terms: Stripe only named it so far, or it is an item''s.';
comment on column billing.subscriptions.unknown_price is
  'The first price that sells no plan, seats or flags we know of. Null: all are known.';
comment on column billing.subscriptions.quantity is
  'Of the item that decides the plan, as price_id and interval.';
comment on column billing.subscriptions.paid_items is
  'The items when it was last paid: what a past_due subscription grants. Null: it was never paid.';
comment on column billing.subscriptions.paid_period_start is 'When the period began that was paid last.';
comment on column billing.subscriptions.paid_at is
  'Stripe''s clock, whole seconds: when it was last seen to be paid. Null: never.';
comment on column billing.subscriptions.test_clock is
  'Stripe''s test clock that its time goes by, test mode only.';
comment on column billing.subscriptions.past_due_since is
  'When it was first seen to be past due since it was last paid. Null: it was not.';
comment on column billing.subscriptions.status is
  'As Stripe says it. No list of known values: one that Stripe adds later is kept, and grants nothing.';
comment on column billing.subscriptions.pause_behavior is 'pause_collection.behavior; void grants nothing.';
comment on column billing.subscriptions.cancel_at is
  'When access ends, if it is cancelled: Stripe''s cancel_at, or the period''s end.';
comment on column billing.subscriptions.grace_until is
  'Until then a past_due subscription grants what was last paid: GRACE_DAYS from past_due_since or from the '
  'begin of the '
  'unpaid period, whichever is earlier.';
comment on column billing.subscriptions.version is
  'Grows with every write; a read of Stripe is written only if it did not grow meanwhile.';
comment on column billing.subscriptions.known_through is
  'Stripe''s clock, whole seconds: every change up to then is in the row.';
comment on column billing.subscriptions.may_include is
  'Stripe''s clock, whole seconds: no change after then is in the row.';

create table billing.test_clocks (
  test_clock text primary key,
  frozen_at timestamptz not null,
  noted_at timestamptz not null default now()
);
comment on table billing.test_clocks is
  'The time of Stripe''s test clocks, as the newest event says it. Test mode only.';

create table billing.payments (
  stripe_checkout_session_id text primary key,
  stripe_payment_intent_id text,
  org_id uuid not null,
  livemode boolean not null,
  amount_cents bigint,
  currency text,
  payment_status text not null,
  addon_features text[] not null default '{}',
  addon_expires_at timestamptz,
  addon_unreadable text,
  addon_ended_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint payments_payment_status_known
    check (payment_status in ('unpaid', 'failed', 'no_payment_required', 'paid'))
);
create index payments_org_id on billing.payments (org_id);
create index payments_stripe_payment_intent_id on billing.payments (stripe_payment_intent_id)
  where stripe_payment_intent_id is not null;
comment on table billing.payments is 'One-time payments: checkout sessions of mode payment.';
comment on column billing.payments.addon_unreadable is
  'What of addon_flags and addon_days could not be read, and so grants nothing. Null: all could.';
comment on column billing.payments.addon_ended_by is
  'The operator who ended the add-on by hand. Null: nobody did.';

create table billing.charges (
  stripe_charge_id text primary key,
  stripe_payment_intent_id text,
  stripe_customer_id text,
  org_id uuid,
  livemode boolean not null,
  amount_cents bigint,
  refunded_cents bigint not null default 0,
  currency text,
  refunded_at bigint,
  dispute_status text,
  disputed_at bigint,
  updated_at timestamptz not null default now()
);
create index charges_org_id on billing.charges (org_id);
create index charges_stripe_payment_intent_id on billing.charges (stripe_payment_intent_id);
comment on table billing.charges is 'Charges of which money went back, or that are disputed.';
comment on column billing.charges.org_id is 'Null: it is not known whose it is, yet or at all.';
comment on column billing.charges.refunded_at is
  'Stripe''s clock, whole seconds: when refunded_cents was so.';
comment on column billing.charges.dispute_status is
  'As Stripe says it: needs_response, under_review, won, lost and others. Null: it is not disputed.';
comment on column billing.charges.disputed_at is
  'Stripe''s clock, whole seconds: when dispute_status was so.';
