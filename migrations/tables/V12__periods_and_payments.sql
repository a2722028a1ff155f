-- Items of one subscription may be paid by different intervals (Stripe, "Mixed interval subscriptions"): then
-- each says when its period ends.
alter type billing_private.item add attribute period_end timestamptz;

-- An invoice was paid, with more than nothing: so the subscription that it names was.
alter type billing_private.event add attribute paid boolean;

-- Without it PostgreSQL expects a change in nearly every subscription, and reads them all each minute.
create statistics billing.subscriptions_next_at on (schedule #>> '{next,at}') from billing.subscriptions;

alter table billing_private.notifier add column told_catalogue bigint not null default 0;
comment on column billing_private.notifier.told_catalogue is
  'The newest row of the audit trail about the catalogue whose changes were told (billing.pf_note_ends).';
update billing_private.notifier set told_catalogue = coalesce(
  (select max(r.id) from billing.runs r where r.org_id is null and r.kind = 'catalogue_changed'), 0);
