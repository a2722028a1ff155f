-- A publication with Supabase's name that belongs to the application, on a server that is not Supabase's.
alter schema public owner to app_owner;
grant create on database app to app_owner;
set role app_owner;
create table public.messages (id bigserial primary key, org_id uuid, body text default 'hello');
create table public.drafts (id bigserial primary key, body text);
alter table public.messages replica identity full;
create publication supabase_realtime for table public.messages where (body is not null);
create publication warehouse for table public.drafts with (publish = 'insert');
grant usage on schema public to listener;
grant select on public.messages to listener;
insert into public.messages default values;
reset role;
