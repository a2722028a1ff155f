-- What is sold, and what each plan switches on: the one home of the feature matrix.

create table public.plans (
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
comment on column public.plans.price_year_cents is 'Null where the plan is not sold by the year.';
comment on column public.plans.rank is 'Of several subscriptions the one with the highest rank counts.';

create table public.plan_entitlements (
  plan_code text not null references public.plans (plan_code) on delete cascade,
  feature text not null,
  enabled boolean not null,
  primary key (plan_code, feature)
);
comment on table public.plan_entitlements is 'One row for each plan and feature flag. The rows of pilot are what everybody has, and name all flags there are.';

insert into public.plans (plan_code, name, price_month_cents, price_year_cents, seats_included, rank) values
  ('pilot',      'PromptForge Pilot',          0,   null, 1, 0),
  ('pro',        'PromptForge Pro',         4900,  49000, 1, 1),
  ('enterprise', 'PromptForge Enterprise', 29900, 299000, 5, 2);

insert into public.plan_entitlements (plan_code, feature, enabled)
select plan_code, feature, enabled
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
cross join lateral (values ('pilot', pilot), ('pro', pro), ('enterprise', enterprise)) as cell (plan_code, enabled);

alter table public.plans enable row level security;
alter table public.plans force row level security;
alter table public.plan_entitlements enable row level security;
alter table public.plan_entitlements force row level security;
create policy billing_service on public.plans to service_role, current_user using (true) with check (true);
create policy billing_service on public.plan_entitlements to service_role, current_user using (true) with check (true);
create policy billing_members_read on public.plans for select to authenticated using (true);
create policy billing_members_read on public.plan_entitlements for select to authenticated using (true);

-- Supabase's default privileges may have granted more than this.
revoke all on public.plans, public.plan_entitlements from anon, authenticated;
grant select on public.plans, public.plan_entitlements to authenticated;
grant select, insert, update, delete on public.plans, public.plan_entitlements to service_role;
