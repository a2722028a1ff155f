-- Runs as the role that migrates.
--
-- Two schemas and the roles that work in them. Everything after this runs as billing_owner.
--
--   billing_owner     owns both schemas and all that is in them; nobody logs in as it, and it has no power
--                    elsewhere
--   billing_viewer    reads as one user: row level security goes by the claims of that user
--   billing_reader    login of entitlements, health      becomes billing_viewer, and reads the schema's
--                    version
--   billing_checkout  login of checkout, portal          becomes billing_viewer, and stores a customer by
--                    function
--   billing_events    login of webhook, sync             the same, and applies what Stripe said, by function
--   billing_operator  login of reconcile and `billing`   reads everything of ours, changes it by function
--
-- A login has no password until an operator sets one. Their limits are a beginning: `alter role` changes
-- them, and no migration sets them again.

-- Supabase brings these three; a plain PostgreSQL gets them here.
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
  end if;
end $$;

do $$
declare
  ours constant text := 'PromptForge Billing';
  login record;
begin
  if not exists (select from pg_roles where rolname = 'billing_owner') then
    create role billing_owner nologin noinherit nosuperuser nocreatedb nocreaterole;
    comment on role billing_owner is 'PromptForge Billing';
  end if;
  if not exists (select from pg_roles where rolname = 'billing_viewer') then
    create role billing_viewer nologin noinherit nosuperuser nocreatedb nocreaterole;
    comment on role billing_viewer is 'PromptForge Billing';
  end if;
  for login in
    select * from (values
      ('billing_reader', 60, '5s', '45s', true),
      ('billing_checkout', 30, '10s', '45s', true),
      ('billing_events', 60, '10s', '45s', true),
      -- Reconciling, pruning and comparing everything takes longer, and so does asking Stripe in between.
      ('billing_operator', 15, '5min', '10min', false)
    ) as logins (name, connections, patience, rest, views)
  loop
    if not exists (select from pg_roles where rolname = login.name) then
      -- noinherit: what billing_viewer may do counts only after becoming it, with a user's claims.
      execute format('create role %I login noinherit nosuperuser nocreatedb nocreaterole connection limit %s',
        login.name, login.connections);
      execute format('comment on role %I is %L', login.name, ours);
      execute format('alter role %I set statement_timeout = %L', login.name, login.patience);
      execute format('alter role %I set idle_in_transaction_session_timeout = %L', login.name, '15s');
      -- A function or operator that somebody made in another schema is never found in place of PostgreSQL's
      -- own.
      execute format('alter role %I set search_path = pg_catalog, pg_temp', login.name);
      -- An instance that is frozen keeps its connection and cannot use it: others can. One that comes back
      -- connects again.
      execute format('alter role %I set idle_session_timeout = %L', login.name, login.rest);
      -- A statement ends soon after its client is gone. Not every operating system can tell that.
      begin
        execute format('alter role %I set client_connection_check_interval = %L', login.name, '2s');
      exception when invalid_parameter_value then null;
      end;
    end if;
    if login.views and not pg_has_role(login.name, 'billing_viewer', 'member') then
      execute format('grant billing_viewer to %I', login.name);
    end if;
  end loop;
  -- Whoever migrates acts as the owner. A superuser may do that anyway.
  if not (select rolsuper from pg_roles where rolname = current_user) then
    if current_setting('server_version_num')::int >= 160000 then
      if not (pg_has_role('billing_owner', 'usage') and pg_has_role('billing_owner', 'set')) then
        execute format('grant billing_owner to %I with inherit true, set true', current_user);
      end if;
    elsif not pg_has_role(current_user, 'billing_owner', 'member') then
      execute format('grant billing_owner to %I', current_user);
    end if;
  end if;
end $$;

-- `billing` holds what a caller may use, `billing_private` what only the database calls.
create schema billing authorization billing_owner;
create schema billing_private authorization billing_owner;
grant usage on schema billing
  to authenticated, service_role, billing_viewer, billing_reader, billing_checkout, billing_events,
    billing_operator;
grant usage on schema billing_private to authenticated, service_role, billing_viewer, billing_operator;

-- Supabase's functions, where a plain PostgreSQL has no schema `auth`: policies of an application may use
-- them. Ours do not.
do $$
begin
  if to_regnamespace('auth') is null then
    create schema auth;
    grant usage on schema auth to anon, authenticated, service_role;
    create function auth.jwt() returns jsonb language sql stable set search_path = pg_catalog, pg_temp as $f$
      -- After a commit the setting reads as the empty string, not as null.
      select nullif(current_setting('request.jwt.claims', true), '')::jsonb
    $f$;
    create function auth.uid() returns uuid language sql stable set search_path = pg_catalog, pg_temp as $f$
      select (auth.jwt() ->> 'sub')::uuid
    $f$;
    create function auth.role() returns text language sql stable set search_path = pg_catalog, pg_temp as $f$
      select auth.jwt() ->> 'role'
    $f$;
  end if;
end $$;

create table billing.schema_history (
  name text primary key,
  checksum text not null,
  applied_at timestamptz not null default now()
);
alter table billing.schema_history owner to billing_owner;
comment on table billing.schema_history is
  'The files that billing migrate applied, with the SHA-256 of their content. A file in tables/ never '
  'changes; a function, '
  'view or policy is applied again when its content differs.';
