-- Row level security that binds the owner too, by a setting of the session.
alter schema public owner to app_owner;
grant usage on schema public to app_web;
set role app_owner;
create function public.tenant() returns uuid
  language sql stable as $$ select nullif(current_setting('app.tenant', true), '')::uuid $$;
create table public.organizations (id uuid primary key default gen_random_uuid(), name text default 'New');
create table public.members (org_id uuid references public.organizations, user_id uuid, role text,
  primary key (org_id, user_id));
create table public.documents (id uuid primary key default gen_random_uuid(),
  org_id uuid default public.tenant(), body text);
insert into public.organizations
  values ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'A'), ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20', 'B');
insert into public.members
  values ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', '0a000000-0000-4000-8000-000000000001', 'boss');
insert into public.documents (org_id, body)
  values ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10', 'a'), ('5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e20', 'b');
do $$
declare
  name text;
begin
  foreach name in array array['organizations', 'members', 'documents'] loop
    execute format('alter table public.%I enable row level security', name);
    execute format('alter table public.%I force row level security', name);
  end loop;
end $$;
create policy tenant on public.organizations using (id = public.tenant());
create policy tenant on public.members using (org_id = public.tenant());
create policy tenant on public.documents using (org_id = public.tenant())
  with check (org_id = public.tenant());
create policy no_deleting on public.documents as restrictive for delete using (false);
grant all on all tables in schema public to app_web;
reset role;
