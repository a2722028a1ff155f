-- A Next.js application on Supabase: row level security by auth.uid(), tables with the names we would like.
set role project_owner;
create type public.org_role as enum ('owner', 'admin', 'member', 'viewer');
create table public.orgs (
  id uuid primary key default gen_random_uuid(), slug text not null unique, name text not null default 'New',
  created_at timestamptz not null default now(), deleted_at timestamptz);
create table public.org_members (
  org_id uuid not null references public.orgs (id) on delete cascade, user_id uuid not null,
  role public.org_role not null default 'member', primary key (org_id, user_id));
create table public.plans (id text primary key default 'free', features jsonb not null default '{}');
create table public.subscriptions (id bigint generated always as identity primary key,
  org_id uuid references public.orgs, plan text references public.plans);
create table public.entitlements (org_id uuid primary key references public.orgs, flags jsonb);
create table public.customers (org_id uuid primary key references public.orgs, stripe_customer_id text);
create table public.runs (id bigserial primary key, org_id uuid references public.orgs, prompt text,
  output text);
create index org_members_user_id on public.org_members (user_id);
create index runs_org_id on public.runs (org_id);
create function public.my_org_ids() returns setof uuid language sql stable security definer
  set search_path = '' as
  $$ select org_id from public.org_members where user_id = auth.uid() $$;
create function public.has_entitlement(org uuid, flag text) returns boolean language sql stable as
  $$ select coalesce((select (flags ->> flag)::boolean from public.entitlements
    where org_id = org), false) $$;
create function public.touch() returns trigger language plpgsql as
  $$ begin new.slug := lower(new.slug); return new; end $$;
create trigger lower_slug before insert or update on public.orgs for each row execute function public.touch();
create view public.my_orgs with (security_invoker = true) as select o.* from public.orgs o
  where o.deleted_at is null;
do $$
declare
  name text;
begin
  foreach name in array array['orgs', 'org_members', 'plans', 'subscriptions', 'entitlements',
    'customers', 'runs'] loop
    execute format('alter table public.%I enable row level security', name);
  end loop;
end $$;
create policy mine on public.orgs for select to authenticated using (id in (select public.my_org_ids()));
create policy rename on public.orgs for update to authenticated using (exists (
  select from public.org_members m
  where m.org_id = id and m.user_id = auth.uid() and m.role in ('owner', 'admin')));
create policy found on public.orgs for insert to authenticated with check (auth.role() = 'authenticated');
create policy mine on public.org_members for select to authenticated using (user_id = auth.uid());
create policy everybody on public.plans for select to anon, authenticated using (true);
create policy mine on public.subscriptions for select to authenticated
  using (org_id in (select public.my_org_ids()));
create policy mine on public.runs to authenticated using (org_id in (select public.my_org_ids()))
  with check (public.has_entitlement(org_id, 'hasCloudHistory'));
alter publication supabase_realtime add table public.runs;
insert into public.orgs (id, slug, name) values
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'Acme', 'Acme'),
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20', 'other', 'Other');
insert into public.org_members values
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', '0a000000-0000-4000-8000-000000000001', 'owner'),
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20', '0a000000-0000-4000-8000-000000000004', 'owner');
insert into public.plans values ('free', '{}'), ('pro', '{}');
insert into public.entitlements values ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', '{"hasCloudHistory": true}');
insert into public.runs (org_id, prompt) values
  ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'one'), ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20', 'two');
reset role;
