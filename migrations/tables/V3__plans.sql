-- What is sold, and what each plan switches on: the one home of the feature matrix.

create table billing.plans (
  plan_code text primary key,
  name text not null,
  price_month_cents integer,
  price_year_cents integer,
  currency text not null default 'usd',
  seats_included integer not null,
  rank smallint not null,
  lookup_key_prefix text not null unique,
  features jsonb not null default '{}',
  constraint plans_rank_unique unique (rank),
  constraint plans_price_not_negative check (price_month_cents >= 0 and price_year_cents >= 0),
  constraint plans_seats_included_positive check (seats_included > 0)
);
comment on column billing.plans.price_year_cents is 'Null where the plan is not sold by the year.';
comment on column billing.plans.lookup_key_prefix is
  'A price with this lookup key, an underscore and an interval (day, week, month, year) sells the plan; what '
  'follows '
  'after another underscore (a currency, a version) is free: promptforge_pro_month_eur.';
comment on column billing.plans.features is
  'What plan_entitlements says of the plan, for reads: {flag: true} for each that it switches on; the row of '
  'pilot has all flags, with false, too. The database keeps it so.';
comment on column billing.plans.rank is 'Of several subscriptions the one with the highest rank counts.';

create table billing.prices (
  price_id text primary key,
  plan_code text not null references billing.plans (plan_code),
  adopted_by text,
  created_at timestamptz not null default now()
);
comment on table billing.prices is
  'Which plan a price at Stripe sells, where an operator or Stripe itself once said so: whoever pays it '
  'keeps the plan, '
  'whatever is renamed or archived at Stripe.';
comment on column billing.prices.adopted_by is
  'The operator who said so (`billing products adopt`): that decides. Null: the price''s lookup key or '
  'metadata said so.';

create table billing.plan_entitlements (
  plan_code text not null references billing.plans (plan_code) on delete cascade,
  feature text not null,
  enabled boolean not null,
  primary key (plan_code, feature)
);
comment on table billing.plan_entitlements is
  'One row for each plan and feature flag. The rows of pilot are what everybody has, and name all flags '
  'there are.';

insert into billing.plans
  (plan_code, name, price_month_cents, price_year_cents, seats_included, rank, lookup_key_prefix) values
  ('pilot',      'PromptForge Pilot',          0,   null, 1, 0, 'promptforge_pilot'),
  ('pro',        'PromptForge Pro',         4900,  49000, 1, 1, 'promptforge_pro'),
  ('enterprise', 'PromptForge Enterprise', 29900, 299000, 5, 2, 'promptforge_enterprise');

insert into billing.plan_entitlements (plan_code, feature, enabled)
select cell.plan_code, matrix.feature, cell.enabled
from (values
  --                     pilot  pro    enterprise
  ('canUseAllModules',   false, true,  true),
  ('canExportMD',        true,  true,  true),
  ('canExportPDF',       false, true,  true),
  ('canExportJSON',      false, true,  true),
  ('canUseGptTestReal',  false, true,  true),
  ('hasCloudHistory',    false, true,  true),
  ('hasEvaluatorAI',     false, true,  true),
  ('hasAPI',             false, false, true),
  ('canExportBundleZip', false, false, true),
  ('hasWhiteLabel',      false, false, true),
  ('hasSeatsGT1',        false, false, true)
) as matrix (feature, pilot, pro, enterprise)
cross join lateral (values ('pilot', matrix.pilot), ('pro', matrix.pro), ('enterprise', matrix.enterprise))
  as cell (plan_code, enabled);
