-- What the application is told: that an organization's entitlements changed (entitlements.changed).

-- A type: the check of a table is read anew by each statement that writes a row.
create domain billing.notification_error as text constraint notification_error_is_a_word
  check (length(value) <= 64);

create table billing.notifications (
  id uuid primary key,
  org_id uuid not null,
  cause text,
  replayed boolean not null default false,
  created_at timestamptz not null default now(),
  attempts integer not null default 0,
  first_attempt_at timestamptz,
  last_attempt_at timestamptz,
  next_attempt_at timestamptz default now(),
  version bigint,
  answer_sha256 bytea,
  posted_at timestamptz,
  put_at timestamptz,
  delivered_at timestamptz,
  given_up_at timestamptz,
  last_error billing.notification_error,
  constraint notifications_next_attempt_at_says_what_waits
    check (num_nonnulls(next_attempt_at, delivered_at, given_up_at) = 1)
);
create index notifications_org_id on billing.notifications (org_id, version desc);
create index notifications_next_attempt_at on billing.notifications (next_attempt_at)
  where next_attempt_at is not null;
-- Rows are added in the order of time: so a few bytes for each stretch of the table find the old ones.
create index notifications_created_at on billing.notifications using brin (created_at);
comment on table billing.notifications is
  'The outbox: whose entitlements changed, written in the commit that changed them. A message about all '
  'waiting rows of an organization is made when it is sent.';
comment on column billing.notifications.id is
  'The id of the message in which it is told, if it is the newest of the organization''s rows that wait.';
comment on column billing.notifications.cause is
  'The event or command that changed them, or time. Null: somebody changed a row by hand.';
comment on column billing.notifications.replayed is
  'An operator asked for it: told even if nothing changed since.';
comment on column billing.notifications.next_attempt_at is
  'When it is due; while it is sent, when it is due again if nothing is heard of that. Null: it is over.';
comment on column billing.notifications.version is
  'That of the last message about it. Null: none was sent yet.';
comment on column billing.notifications.answer_sha256 is
  'Of what that message said: the same is not told twice in a row.';
comment on column billing.notifications.posted_at is 'When the application''s URL took it. Null: it did not.';
comment on column billing.notifications.put_at is 'When the event bus took it. Null: it did not.';
comment on column billing.notifications.delivered_at is 'When every destination had it.';
comment on column billing.notifications.given_up_at is
  'When it was given up, after three days or because the URL is gone for good.';
comment on column billing.notifications.last_error is
  'Why the last attempt failed: an HTTP status or a stable word. Null: it did not.';

create sequence billing_private.notification_versions;

-- One row: whoever sends locks it for the moment in which it takes rows or says what became of them.
create table billing_private.notifier (
  one boolean primary key default true,
  told_through timestamptz not null default now(),
  told_livemode boolean not null default false,
  constraint notifier_one_row check (one)
);
insert into billing_private.notifier default values;
comment on column billing_private.notifier.told_through is
  'Of what ends by itself up to then, rows were written (billing.pf_note_ends).';
comment on column billing_private.notifier.told_livemode is
  'Whether live payments counted when it was last looked (billing_private.live_modes).';

create index if not exists entitlements_expires_at on billing.entitlements (expires_at)
  where expires_at is not null;
-- What a subscription shows up to a moment that is known: a discount that ends, a change that waits.
create index if not exists subscriptions_change_by_themselves on billing.subscriptions (org_id)
  where schedule #>> '{next,at}' is not null or discounts @? '$[*].terms.ends_at ? (@ != null)';
