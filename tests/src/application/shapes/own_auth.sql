-- A schema auth that is not Supabase's, with another uid(), and roles with Supabase's names that log in and
-- inherit.
create schema auth authorization app_owner;
create schema app authorization app_owner;
set role app_owner;
create table auth.users (id bigserial primary key, name text default 'x', password_hash text);
create table auth.sessions (token uuid primary key default gen_random_uuid(),
  user_id bigint references auth.users);
create function auth.uid() returns bigint
  language sql stable as $$ select nullif(current_setting('app.person', true), '')::bigint $$;
create function auth.jwt() returns text language sql stable as $$ select 'none'::text $$;
create table app.organizations (id uuid primary key default gen_random_uuid(), name text,
  owner bigint default auth.uid());
create table app.pages (id bigserial primary key, title text default 'Home');
alter table app.organizations enable row level security;
create policy own on app.organizations to authenticated using (owner = auth.uid());
grant usage on schema auth, app to authenticated, anon;
grant select, insert, update, delete on app.organizations to authenticated;
grant select on app.pages to anon;
grant usage on sequence app.pages_id_seq to anon;
insert into auth.users default values;
insert into app.organizations (name, owner) values ('mine', 1), ('theirs', 2);
insert into app.pages default values;
reset role;
