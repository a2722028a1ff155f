//! A server as Supabase sets one up.

use local::postgres::Cluster;

use crate::bare_server;

/// What Supabase brings: nobody but `supabase_admin` is a superuser, `auth` belongs to another role, and what
/// the owner makes in `public` is granted to everybody.
pub const ROLES: &str = "
    create role anon nologin noinherit;
    create role authenticated nologin noinherit;
    create role service_role nologin noinherit bypassrls;
    create role authenticator login noinherit;
    grant anon, authenticated, service_role to authenticator;
    create role supabase_auth_admin login noinherit createrole;
    create role project_owner login createdb createrole replication bypassrls;
    grant anon, authenticated, service_role to project_owner with admin option;
    create database project owner project_owner";

pub const SCHEMA: &str = "
    create schema auth authorization supabase_auth_admin;
    create table auth.users (id uuid primary key, email text);
    create function auth.uid() returns uuid language sql stable as $$
      select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
        (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'))::uuid $$;
    create function auth.role() returns text
      language sql stable as $$
      select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role' $$;
    create function auth.jwt() returns jsonb
      language sql stable as $$
      select coalesce(nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), ''))::jsonb $$;
    alter table auth.users owner to supabase_auth_admin;
    alter function auth.uid() owner to supabase_auth_admin;
    alter function auth.role() owner to supabase_auth_admin;
    alter function auth.jwt() owner to supabase_auth_admin;
    grant usage on schema auth to anon, authenticated, service_role, project_owner;
    grant usage on schema public to anon, authenticated, service_role, project_owner;
    alter default privileges for role project_owner in schema public grant all on tables to anon,
      authenticated, service_role;
    alter default privileges for role project_owner in schema public grant all on functions to anon,
      authenticated, service_role;
    alter default privileges for role project_owner in schema public grant all on sequences to anon,
      authenticated, service_role;
    create publication supabase_realtime;
    alter publication supabase_realtime owner to project_owner";

/// A server with a database `project` that belongs to `project_owner`, and `authenticator` to log in as. The
/// caller stops it.
pub async fn supabase_server(name: &str) -> Cluster {
    let cluster = bare_server(name).await;
    let superuser = cluster.connect("postgres").await.expect("connect");
    for statement in ROLES.split(';') {
        superuser.batch_execute(statement).await.expect("Supabase's roles");
    }
    let project = cluster.connect("project").await.expect("connect");
    project.batch_execute(SCHEMA).await.expect("Supabase's schema");
    cluster
}
