//! The migrations on what is there already: Supabase's roles, schema and default privileges, and an
//! application's own organizations. Each on a server of its own, because roles belong to the server.

use local::postgres::Cluster;
use tests::{bare_server, supabase_server, users};
use tokio_postgres::{Client, NoTls};

const ORG: &str = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10";

/// An application's own tables, with every name that we would like.
const APPLICATION: &str = "
    create type member_role as enum ('owner', 'admin', 'member', 'guest');
    create table public.organizations (
      id uuid primary key default gen_random_uuid(), slug text not null unique, name text not null,
      settings jsonb not null default '{}', created_by uuid not null);
    create table public.organization_members (
      id bigint generated always as identity primary key,
      org_id uuid not null references public.organizations (id) on delete cascade,
      user_id uuid not null, role member_role not null default 'guest', invited_by uuid,
      unique (org_id, user_id));
    create table public.plans (id text primary key);
    create table public.subscriptions (id bigint primary key, plan text references public.plans);
    create table public.entitlements (id bigint primary key);
    create table public.runs (id bigint primary key); create table public.customers (id uuid primary key);
    create function public.has_entitlement(uuid, text) returns boolean language sql as $$ select false $$;
    alter table public.organizations enable row level security;
    create policy \"own settings\" on public.organizations for update to authenticated
      using (created_by = auth.uid());
    grant select, update on public.organizations to authenticated";

async fn connect(cluster: &Cluster, login: &str, database: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(&cluster.url(login, database), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Migrates as the owner, twice.
async fn migrate_twice(cluster: &Cluster, owner: &str, database: &str) {
    let mut client = connect(cluster, owner, database).await;
    let applied = migrations::run(&mut client).await.unwrap();
    assert_eq!(applied.len(), migrations::FILES.len());
    assert!(migrations::run(&mut client).await.unwrap().is_empty());
}

async fn value(client: &Client, sql: &str) -> String {
    let row = client.query_one(&format!("select ({sql})::text"), &[]).await.expect(sql);
    row.get::<_, Option<String>>(0).unwrap_or_default()
}

/// The plan that a user sees of the organization, through the login that answers for it.
async fn plan_seen_by(cluster: &Cluster, database: &str, user: &str) -> String {
    let reader = connect(cluster, "billing_reader", database).await;
    let claims = format!(
        "begin; select set_config('role', 'billing_viewer', true),
         set_config('request.jwt.claims', '{{\"sub\": \"{user}\", \"role\": \"authenticated\"}}', true)"
    );
    reader.batch_execute(&claims).await.unwrap();
    value(
        &reader,
        "select string_agg(plan_code || ' ' ||
           (select count(*) from billing.entitlements_effective where enabled), ',')
         from billing.plan_effective",
    )
    .await
}

#[tokio::test]
async fn they_run_twice_over_a_supabase_project_and_take_nothing_of_it() {
    let cluster = supabase_server("supabase").await;
    let project = connect(&cluster, "postgres", "project").await;
    let auth = "select string_agg(p.oid::regprocedure || ' ' || pg_get_userbyid(p.proowner) || ' '
          || md5(p.prosrc), ',' order by p.oid) from pg_proc p where pronamespace = 'auth'::regnamespace";
    let before = value(&project, auth).await;

    migrate_twice(&cluster, "project_owner", "project").await;

    assert_eq!(value(&project, auth).await, before, "the auth schema is Supabase's");
    let granted = "select string_agg(c.relname, ',') from pg_class c
        where c.relnamespace = 'billing'::regnamespace and c.relkind in ('r', 'v', 'S')
        and (has_table_privilege('anon', c.oid, 'select') or c.relkind <> 'S'
          and has_table_privilege('authenticated', c.oid, 'insert'))";
    assert_eq!(value(&project, granted).await, "", "the default privileges are taken back");
    let callable = "select string_agg(proname, ',') from pg_proc
        where pronamespace = 'billing'::regnamespace and proname like 'pf%'
          and (has_function_privilege('anon', oid, 'execute')
            or has_function_privilege('authenticated', oid, 'execute'))";
    assert_eq!(value(&project, callable).await, "");

    let heard = "select string_agg(tablename, ',' order by tablename) from pg_publication_tables
        where pubname = 'supabase_realtime'";
    assert_eq!(value(&project, heard).await, "entitlements,subscriptions");

    let owner = connect(&cluster, "project_owner", "project").await;
    let people = format!(
        "insert into billing.own_organizations (id, name) values ('{ORG}', 'A');
         insert into billing.own_members (org_id, user_id, role) values ('{ORG}', '{}', 'owner');
         select billing.pf_apply_plan_entitlements('{ORG}', 'pro')",
        users::OWNER
    );
    owner.batch_execute(&people).await.unwrap();
    assert_eq!(plan_seen_by(&cluster, "project", users::OWNER).await, "pro 7");
    assert_eq!(plan_seen_by(&cluster, "project", users::OUTSIDER).await, "");
    // As Supabase's own API does it: log in as authenticator, become the token's role.
    let api = connect(&cluster, "authenticator", "project").await;
    api.batch_execute("set role anon").await.unwrap();
    assert!(api.batch_execute("select * from billing.plans").await.is_err());
    api.batch_execute("reset role; set role service_role").await.unwrap();
    assert_eq!(value(&api, "select count(*) from billing.entitlements").await, "1");
    for client in [project, owner, api] {
        drop(client);
    }
    cluster.stop().await;
}

#[tokio::test]
async fn they_run_twice_beside_an_applications_own_tables_and_touch_none() {
    let cluster = bare_server("application").await;
    let superuser = connect(&cluster, "postgres", "postgres").await;
    // No role that exists already, and an owner who may only make some.
    superuser.batch_execute("create role app_owner login createrole").await.unwrap();
    superuser.batch_execute("create database app owner app_owner").await.unwrap();
    let app = connect(&cluster, "app_owner", "app").await;
    app.batch_execute(
        "create role authenticated nologin; create role service_role nologin; create schema auth",
    )
    .await
    .unwrap();
    app.batch_execute(
        "create function auth.uid() returns uuid
          language sql stable as $$
          select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$",
    )
    .await
    .unwrap();
    app.batch_execute(APPLICATION).await.unwrap();
    let people = format!(
        "insert into organizations (id, slug, name, settings, created_by)
           values ('{ORG}', 'acme', 'Acme', '{{\"theme\": \"dark\"}}', '{owner}');
         insert into organization_members (org_id, user_id, role)
           values ('{ORG}', '{owner}', 'owner'), ('{ORG}', '{}', 'guest')",
        users::MEMBER,
        owner = users::OWNER
    );
    app.batch_execute(&people).await.unwrap();
    let theirs = "select md5(string_agg(what, chr(10) order by what)) from (
        select concat_ws(' ', c.oid::regclass, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
          c.relhastriggers, c.relchecks) as what
        from pg_class c where c.relnamespace in ('public'::regnamespace, 'auth'::regnamespace)
        union all select concat_ws(' ', conrelid::regclass, confrelid::regclass, pg_get_constraintdef(oid))
        from pg_constraint where connamespace = 'public'::regnamespace
        union all select concat_ws(' ', tablename, policyname, roles, cmd, qual, with_check) from pg_policies
        where schemaname = 'public'
        union all select concat_ws(' ', oid::regprocedure, proowner, proacl, prosrc) from pg_proc
        where pronamespace in ('public'::regnamespace, 'auth'::regnamespace)
        union all select concat_ws(' ', nspname, nspowner, nspacl) from pg_namespace
        where nspname in ('public', 'auth')) everything";
    let before = value(&app, theirs).await;

    migrate_twice(&cluster, "app_owner", "app").await;

    assert_eq!(value(&app, theirs).await, before);
    app.batch_execute(&format!("select billing.pf_apply_plan_entitlements('{ORG}', 'enterprise')"))
        .await
        .unwrap();
    // Nobody is a member before `billing adopt` says whose members there are.
    assert_eq!(plan_seen_by(&cluster, "app", users::OWNER).await, "");
    drop((superuser, app));
    cluster.stop().await;
}
