-- What was so, and when: each state of the rows that decide an answer, beside the row itself. Only added to,
-- in the commit of the change (billing_private.keep_history). A partition for each month, as of the events,
-- with which they go.

-- Who writes what there is when the history begins.
select set_config('billing.cause', 'billing migrate', true);

create domain billing.history_kind as text constraint history_kind_known check (value in (
  'begin', 'plans', 'subscriptions', 'entitlements'));

create table billing.history (
  id bigint generated always as identity,
  org_id uuid not null,
  kind billing.history_kind not null,
  key text not null,
  state jsonb,
  cause text,
  valid_from timestamptz not null default clock_timestamp(),
  primary key (org_id, id, valid_from)
) partition by range (valid_from);
create table billing.history_other partition of billing.history default;
comment on table billing.history_other is
  'What was written before its month had a partition; it moves there.';
comment on table billing.history is
  'What the rows of plans, subscriptions and entitlements were, from when on; the next row of the same key '
  'says until when.';
comment on column billing.history.org_id is
  'Whose it was. The UUID of zeros: nobody''s, a plan.';
comment on column billing.history.kind is
  'The table whose row it was. begin: the one row that says since when there is a history.';
comment on column billing.history.key is 'The row''s: the plan''s code, the subscription''s id, the id.';
comment on column billing.history.state is
  'The row. Null: from then on there was none.';
comment on column billing.history.cause is
  'The event or command that made it so. Null: somebody changed the row by hand.';
comment on column billing.history.valid_from is
  'When it was written; it could be read at the end of the same transaction, milliseconds later. What was so '
  'already when the history begins has that moment.';
