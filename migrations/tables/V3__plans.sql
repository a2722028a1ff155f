-- What is sold, and what each plan switches on: the one home of the feature matrix.

create table billing.plans (
  plan_code text primary key,
  name text not null,
  price_month_cents integer,
  price_year_cents integer,
  currency text not null default 'usd',
  seats_included integer not null,
  rank smallint not null,
  constraint plans_rank_unique unique (rank),
  constraint plans_price_not_negative check (price_month_cents >= 0 and price_year_cents >= 0),
  constraint plans_seats_included_positive check (seats_included > 0)
);
comment on column billing.plans.price_year_cents is 'Null where the plan is not sold by the year.';
comment on column billing.plans.rank is 'Of several subscriptions the one with the highest rank counts.';

create table billing.plan_entitlements (
  plan_code text not null references billing.plans (plan_code) on delete cascade,
  feature text not null,
  enabled boolean not null,
  primary key (plan_code, feature)
);
comment on table billing.plan_entitlements is
  'One row for each plan and feature flag. The rows of pilot are what everybody has, and name all flags there are.';

insert into billing.plans (plan_code, name, price_month_cents, price_year_cents, seats_included, rank) values
  ('pilot',      'PromptForge Pilot',          0,   null, 1, 0),
  ('pro',        'PromptForge Pro',         4900,  49000, 1, 1),
  ('enterprise', 'PromptForge Enterprise', 29900, 299000, 5, 2);

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
