-- What is sold, and what each plan switches on: the one home of the feature matrix. The rows below are where
-- a new database begins.

create table billing.plans (
  plan_code text primary key,
  name text not null,
  description text,
  price_month_cents integer,
  price_year_cents integer,
  currency text not null default 'usd',
  seats_included integer not null,
  more_seats boolean not null default false,
  rank smallint not null,
  lookup_key_prefix text not null,
  features jsonb not null default '{}',
  versions jsonb not null default '[]',
  -- Deferrable: one statement may change several plans, two of which change places.
  constraint plans_rank_unique unique (rank) deferrable,
  constraint plans_lookup_key_prefix_unique unique (lookup_key_prefix) deferrable,
  constraint plans_free_plan_ranks_lowest check ((plan_code = 'pilot') = (rank = 0) and rank >= 0),
  constraint plans_price_not_negative check (price_month_cents >= 0 and price_year_cents >= 0),
  constraint plans_seats_included_positive check (seats_included > 0)
);
comment on table billing.plans is
  'What is sold. The plan pilot is what everybody has, and ranks 0.';
comment on column billing.plans.description is 'One line for people. Null: there is none.';
comment on column billing.plans.more_seats is
  'Further seats may be bought in the portal, by the quantity of the plan''s price.';
comment on column billing.plans.price_month_cents is 'Null where the plan is not sold by the month.';
comment on column billing.plans.price_year_cents is 'Null where the plan is not sold by the year.';
comment on column billing.plans.lookup_key_prefix is
  'A price with this lookup key, an underscore and an interval (day, week, month, year) sells the plan; what '
  'follows '
  'after another underscore (a currency, a version) is free: promptforge_pro_month_eur.';
comment on column billing.plans.features is
  'What plan_entitlements says of the plan, for reads: {flag: true} for each that it switches on; the row of '
  'pilot has all flags, with false, too. The database keeps it so.';
comment on column billing.plans.versions is
  'What the plan was for those who bought it before a change that was for new ones alone (`billing catalogue '
  'apply --for new`), the oldest first: [{until, features, seats}].';
comment on column billing.plans.rank is 'Of several subscriptions the one with the highest rank counts.';

create table billing.prices (
  price_id text primary key,
  plan_code text not null references billing.plans (plan_code),
  adopted_by text,
  listed boolean not null default false,
  sold boolean not null default false,
  org_id uuid,
  billing_interval text,
  currency text,
  amount_cents integer,
  created_at timestamptz not null default now(),
  constraint prices_amount_not_negative check (amount_cents >= 0),
  constraint prices_sold_says_what_it_costs
    check (not sold or num_nulls(billing_interval, currency, amount_cents) = 0),
  constraint prices_listed_is_for_everybody check (not listed or org_id is null)
);
create unique index prices_sold_once on billing.prices (plan_code, billing_interval, currency)
  where sold and org_id is null;
create unique index prices_deal_once on billing.prices (org_id, plan_code, billing_interval)
  where org_id is not null;
comment on table billing.prices is
  'Which plan a price at Stripe sells, where an operator or Stripe itself once said so: whoever pays it '
  'keeps the plan, '
  'whatever is renamed or archived at Stripe.';
comment on column billing.prices.adopted_by is
  'The operator who said so (`billing products adopt`, `billing catalogue`): that decides. Null: the '
  'price''s lookup key or metadata said so.';
comment on column billing.prices.listed is 'catalogue.toml names it, by its id.';
comment on column billing.prices.sold is
  'A checkout sells it. False: nobody can buy it, and whoever pays it keeps the plan.';
comment on column billing.prices.org_id is
  'A deal: a checkout sells it to this organization alone, in place of what everybody pays. Null: no deal.';
comment on column billing.prices.billing_interval is 'month or year. Null: nobody said so.';
comment on column billing.prices.currency is 'ISO 4217, lower case. Null: nobody said so.';
comment on column billing.prices.amount_cents is
  'In the currency''s smallest unit. Null: nobody said so.';

create table billing.plan_entitlements (
  plan_code text not null references billing.plans (plan_code) on delete cascade,
  feature text not null,
  enabled boolean not null,
  primary key (plan_code, feature)
);
comment on table billing.plan_entitlements is
  'One row for each plan and feature flag. The rows of pilot are what everybody has, and name all flags '
  'there are.';

create table billing.features (
  feature text primary key,
  description text not null
);
comment on table billing.features is
  'What a feature flag is, in one line for people. A flag exists by its row of pilot in '
  'plan_entitlements; it need not have a line here.';

insert into billing.plans
  (plan_code, name, description, price_month_cents, price_year_cents, seats_included, more_seats, rank,
    lookup_key_prefix)
values
  ('pilot', 'PromptForge Pilot', 'What everybody has.', 0, null, 1, false, 0, 'promptforge_pilot'),
  ('pro', 'PromptForge Pro', 'For one person.', 4900, 49000, 1, false, 1, 'promptforge_pro'),
  ('enterprise', 'PromptForge Enterprise', 'For teams.', 29900, 299000, 5, true, 2,
    'promptforge_enterprise');

insert into billing.features (feature, description) values
  ('canUseAllModules', 'All prompt modules.'),
  ('canExportMD', 'Export as Markdown.'),
  ('canExportPDF', 'Export as PDF.'),
  ('canExportJSON', 'Export as JSON.'),
  ('canUseGptTestReal', 'Test a prompt against the real model.'),
  ('hasCloudHistory', 'History kept in the cloud.'),
  ('hasEvaluatorAI', 'The evaluator.'),
  ('hasAPI', 'The programming interface.'),
  ('canExportBundleZip', 'Export of a whole bundle.'),
  ('hasWhiteLabel', 'White label.'),
  ('hasSeatsGT1', 'More than one seat.');

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
