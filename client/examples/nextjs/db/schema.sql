-- The application's own tables. Billing reads the first two once `billing adopt` has named them.

create table if not exists public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null
);

create table if not exists public.members (
  org_id uuid not null references public.organizations on delete cascade,
  user_id uuid not null, -- the user's id in Supabase
  role text not null check (role in ('owner', 'admin', 'member')),
  primary key (org_id, user_id)
);
create index if not exists members_user_id on public.members (user_id);

create table if not exists public.documents (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references public.organizations on delete cascade,
  title text not null,
  changed_on date not null default current_date
);
create index if not exists documents_org_id on public.documents (org_id);

create table if not exists public.versions (
  id bigint generated always as identity primary key,
  org_id uuid not null references public.organizations on delete cascade,
  title text not null,
  kept_at timestamptz not null default now()
);
create index if not exists versions_org_id on public.versions (org_id);

create table if not exists public.api_keys (
  org_id uuid primary key references public.organizations on delete cascade,
  active boolean not null,
  told_version bigint not null default 0 -- of the newest notification that said so
);

alter table public.organizations enable row level security;
alter table public.members enable row level security;
alter table public.documents enable row level security;
alter table public.versions enable row level security;
alter table public.api_keys enable row level security;

grant usage on schema public to authenticated;
grant select on public.organizations, public.members, public.documents, public.api_keys to authenticated;
grant select, insert on public.versions to authenticated;

-- People see their own memberships, and what belongs to those organizations.
drop policy if exists own on public.members;
create policy own on public.members for select to authenticated using (user_id = auth.uid());

drop policy if exists of_members on public.organizations;
create policy of_members on public.organizations for select to authenticated
  using (id in (select org_id from public.members));

drop policy if exists of_members on public.documents;
create policy of_members on public.documents for select to authenticated
  using (org_id in (select org_id from public.members));

drop policy if exists of_members on public.api_keys;
create policy of_members on public.api_keys for select to authenticated
  using (org_id in (select org_id from public.members));

drop policy if exists of_members on public.versions;
create policy of_members on public.versions for all to authenticated
  using (org_id in (select org_id from public.members));

-- And versions only while the plan has the history. Restrictive: it has to allow the row as well.
drop policy if exists history_is_paid_for on public.versions;
create policy history_is_paid_for on public.versions as restrictive for all to authenticated
  using (org_id = any (array(select billing.orgs_with('hasCloudHistory'))))
  with check (billing.has_entitlement(org_id, 'hasCloudHistory'));
