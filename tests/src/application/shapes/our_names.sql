-- Relations, functions, sequences, triggers and types with our names, in public and in a schema of its own,
-- and generous defaults.
create schema app authorization app_owner;
alter schema public owner to app_owner;
alter default privileges for role app_owner grant all on tables to public;
alter default privileges for role app_owner revoke execute on functions from public;
alter default privileges grant select on tables to app_web;
set role app_owner;
grant usage on schema app, public to app_web;
create table app.own_organizations (id uuid primary key default gen_random_uuid(), name text default 'n');
create table app.schema_history (name text primary key default 'first', checksum text);
create table app.organization_locks (slot serial primary key);
create table public.webhook_events (event_id text primary key default 'evt', payload jsonb);
create table public.payments (id bigserial primary key, cents integer default 1);
create table public.plan_entitlements (plan_code text default 'p', feature text default 'f',
  primary key (plan_code, feature));
create sequence public.runs_id_seq;
create table public.runs (id bigint primary key default nextval('public.runs_id_seq'), kind text);
create view app.organizations as select id, name from app.own_organizations;
create view app.members as select id as org_id, id as user_id, 'owner'::text as role
  from app.own_organizations;
create view public.entitlements_effective with (security_barrier = true) as select *
  from public.plan_entitlements;
create type public.entitlements as (feature text, enabled boolean);
create domain public.differences as text check (length(value) < 100);
create function public.pf_apply_event(request jsonb) returns jsonb language sql as $$ select request $$;
create function public.pf_apply_plan_entitlements(org_id uuid, plan_code text) returns void
  language sql as $$ select null::void $$;
create function app.caller() returns uuid language sql stable as $$ select null::uuid $$;
create function app.has_entitlement(org uuid, feature text) returns boolean
  language sql stable as $$ select true $$;
create function app.record() returns trigger language plpgsql as $$ begin insert into public.runs (kind)
  values (tg_op); return null; end $$;
create trigger record after insert or delete on app.own_organizations
  for each row execute function app.record();
create policy owner on app.own_organizations using (app.has_entitlement(id, 'x'));
alter table app.own_organizations enable row level security;
create aggregate app.existing_organization(text) (sfunc = textcat, stype = text);
grant execute on all functions in schema app, public to app_web;
insert into app.own_organizations default values;
insert into app.schema_history default values;
insert into public.webhook_events default values;
insert into public.plan_entitlements default values;
reset role;
