-- Who may ask, and for which organization.
--
-- Supabase brings the roles anon, authenticated and service_role, the schema auth and its functions; a plain PostgreSQL gets
-- the same here. Everything is made only where it is missing, so that the same file runs on both.

do $$
begin
  if not exists (select from pg_roles where rolname = 'anon') then
    create role anon nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin noinherit;
    -- As on Supabase, where we may: only a role that has BYPASSRLS can give it. The policies below let service_role in either way.
    if (select rolsuper from pg_roles where rolname = current_user) then
      alter role service_role bypassrls;
    end if;
  end if;
end $$;

-- The login of the Lambda functions. It owns nothing and is no superuser: it has what service_role has, and becomes
-- `authenticated` to read on behalf of a user. It has no password until an operator sets one.
do $$
declare
  may_grant boolean := current_setting('server_version_num')::int < 160000
    or (select rolsuper from pg_roles where rolname = current_user)
    or (pg_has_role(current_user, 'authenticated', 'member with admin option')
        and pg_has_role(current_user, 'service_role', 'member with admin option'));
begin
  if not may_grant then
    raise notice 'role billing_api not created: % may not grant authenticated and service_role', current_user;
  else
    if not exists (select from pg_roles where rolname = 'billing_api') then
      create role billing_api login inherit nosuperuser nocreatedb nocreaterole;
    end if;
    grant authenticated, service_role to billing_api;
  end if;
end $$;

create schema if not exists auth;
grant usage on schema auth to anon, authenticated, service_role;

do $$
begin
  if to_regprocedure('auth.jwt()') is null then
    create function auth.jwt() returns jsonb language sql stable set search_path = '' as $f$
      -- After a commit the setting reads as the empty string, not as null.
      select nullif(current_setting('request.jwt.claims', true), '')::jsonb
    $f$;
  end if;
  if to_regprocedure('auth.uid()') is null then
    create function auth.uid() returns uuid language sql stable set search_path = '' as $f$
      select (auth.jwt() ->> 'sub')::uuid
    $f$;
  end if;
  if to_regprocedure('auth.role()') is null then
    create function auth.role() returns text language sql stable set search_path = '' as $f$
      select auth.jwt() ->> 'role'
    $f$;
  end if;
end $$;

-- An application's own tables keep the grants that it gave; ours get none but those below, whatever the default privileges are.
do $$
begin
  if to_regclass('public.organizations') is null then
    create table public.organizations (
      id uuid primary key default gen_random_uuid(),
      name text not null,
      created_at timestamptz not null default now()
    );
    revoke all on public.organizations from anon, authenticated;
  end if;
  if to_regclass('public.organization_members') is null then
    create table public.organization_members (
      org_id uuid not null references public.organizations (id) on delete cascade,
      user_id uuid not null,
      role text not null default 'member',
      created_at timestamptz not null default now(),
      primary key (org_id, user_id),
      constraint organization_members_role_known check (role in ('owner', 'admin', 'member'))
    );
    revoke all on public.organization_members from anon, authenticated;
  end if;
end $$;
create index if not exists organization_members_user_id on public.organization_members (user_id);
comment on column public.organization_members.role is 'owner and admin may change billing; member may read.';

-- What only the database itself calls. Not among the schemas that Supabase exposes over HTTP.
create schema billing_private;
revoke all on schema billing_private from public;
grant usage on schema billing_private to authenticated, service_role;

-- SECURITY DEFINER, because a policy on organization_members that reads organization_members would never end. As an array
-- in a policy it is evaluated once for a query, not once for a row.
create function billing_private.my_orgs() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select m.org_id from public.organization_members m where m.user_id = auth.uid()
$$;
revoke all on function billing_private.my_orgs() from public;
grant execute on function billing_private.my_orgs() to authenticated;

alter table public.organizations enable row level security;
alter table public.organizations force row level security;
alter table public.organization_members enable row level security;
alter table public.organization_members force row level security;

-- Forced row level security binds the owner too: without its policy a migration, or my_orgs(), would see no row.
create policy billing_service on public.organizations to service_role, current_user using (true) with check (true);
create policy billing_service on public.organization_members to service_role, current_user using (true) with check (true);
create policy billing_members_read on public.organizations for select to authenticated
  using (id = any (array (select billing_private.my_orgs())));
create policy billing_members_read on public.organization_members for select to authenticated
  using (org_id = any (array (select billing_private.my_orgs())));

grant select on public.organizations, public.organization_members to authenticated, service_role;
