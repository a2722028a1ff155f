-- Who has what, and until when.

create table billing.entitlements (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  source text not null,
  livemode boolean,
  plan_code text,
  feature text,
  source_id text,
  enabled boolean not null default true,
  units bigint,
  extra_seats bigint,
  own boolean,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  constraint entitlements_unique
    unique nulls not distinct (org_id, source, livemode, plan_code, feature, source_id)
);
comment on table billing.entitlements is
  'A plan that an organization has, or one feature flag from an add-on, a trial or an override.';
comment on column billing.entitlements.livemode is
  'The mode of the subscription or payment that granted it. Null: no payment did, and it counts in either '
  'mode.';
create index entitlements_livemode on billing.entitlements (livemode) where livemode;
comment on column billing.entitlements.source_id is
  'The subscription that explains the plan, or the checkout session or subscription that granted an add-on.';
comment on column billing.entitlements.units is
  'How often the plan is paid for: its included seats count so often. 0: seats alone, or the plan that is '
  'left when a '
  'subscription grants nothing.';
comment on column billing.entitlements.extra_seats is 'Seats that are paid for beside those of the plan.';
comment on column billing.entitlements.own is
  'A subscription of the organization''s own is among those that grant it (subscriptions.own).';
comment on column billing.entitlements.expires_at is
  'Null: no end known. A plan whose subscription is past_due ends with its grace period.';
