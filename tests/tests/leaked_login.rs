//! What somebody can do who got hold of a login: look as a user, and neither stop anybody's work nor touch
//! the application.

use std::time::Duration;

use local::postgres::Cluster;
use tests::{TestApp, TestDatabase, bare_server, users};
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls};

const LOGINS: [&str; 4] = ["billing_reader", "billing_checkout", "billing_events", "billing_operator"];

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn migrated_server(name: &str) -> (Cluster, Client) {
    let cluster = bare_server(name).await;
    let mut admin = cluster.connect("postgres").await.unwrap();
    migrations::run(&mut admin).await.unwrap();
    (cluster, admin)
}

#[tokio::test]
async fn an_organizations_event_is_applied_while_the_reading_login_holds_every_lock_it_can_get() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let reader = connect(&t.database.url("billing_reader")).await;
    reader.batch_execute("begin").await.unwrap();
    // Whatever key somebody derives from the organization.
    let locks = format!(
        "select pg_advisory_lock(hashtextextended(key, 0)), pg_advisory_lock(hashtext(key)),
             pg_advisory_lock(hashtextextended(key, 0) & 16383),
           pg_advisory_lock(0, hashtext(key)), pg_advisory_lock(hashtext('billing'), hashtext(key))
         from unnest(array['{}', '{}', 'billing migrations', 'billing']) as key",
        t.org, t.other_org
    );
    reader.batch_execute(&locks).await.unwrap();
    reader.batch_execute("lock table billing.schema_history in access share mode").await.unwrap();
    timeout(Duration::from_secs(20), t.deliver_all()).await.expect("events are applied");
    assert_eq!(t.entitlements(users::MEMBER, &t.org).await.text("/planCode"), "pro");
    reader.batch_execute("rollback").await.unwrap();
}

#[tokio::test]
async fn no_login_can_lock_a_row_or_a_table_against_those_who_write_it() {
    let t = TestApp::start_with_two_organizations().await;
    let tables = "select string_agg(c.oid::regclass::text, ' ') from pg_class c
        where relnamespace in ('billing'::regnamespace, 'billing_private'::regnamespace) and relkind = 'r'";
    t.db.batch_execute("set search_path = pg_catalog").await.unwrap();
    let tables = t.value(tables).await;
    for login in LOGINS.into_iter().chain(["billing_viewer", "authenticated"]) {
        let as_login = if LOGINS.contains(&login) { login } else { "postgres" };
        let client = connect(&t.database.url(as_login)).await;
        client.batch_execute(&format!("set role {login}")).await.unwrap();
        for table in tables.split(' ') {
            for statement in [
                format!("select * from {table} for update"),
                format!("select * from {table} for key share"),
                format!("lock table {table} in row share mode"),
                format!("lock table {table} in share mode"),
                format!("lock table {table} in access exclusive mode"),
            ] {
                let error = client.batch_execute(&format!("begin; {statement}")).await.expect_err(&statement);
                assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{login}: {statement}");
                client.batch_execute("rollback").await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn the_migrations_do_not_wait_for_a_lock_that_any_login_can_hold() {
    let database = TestDatabase::create().await;
    let mut admin = database.connect().await;
    let reader = connect(&database.url("billing_reader")).await;
    reader
        .batch_execute(
            "set idle_in_transaction_session_timeout = 0;
             select pg_advisory_lock(hashtextextended('billing migrations', 0));
             begin; lock table billing.schema_history in access share mode",
        )
        .await
        .unwrap();
    admin.batch_execute("delete from schema_history where name = 'functions/livemode'").await.unwrap();
    let run = timeout(Duration::from_secs(20), migrations::run(&mut admin)).await;
    assert_eq!(run.expect("it is not kept waiting").unwrap(), ["functions/livemode"]);
}

#[tokio::test]
async fn what_somebody_made_in_public_is_never_called_by_the_migrations() {
    let database = TestDatabase::create_empty().await;
    let mut admin = database.connect().await;
    // Each fits what the files pass better than PostgreSQL's own: that takes a name, or any number of
    // anything.
    for (name, arguments, result) in [
        ("pg_has_role", "text, text, text", "boolean"),
        ("format", "text, text", "text"),
        ("format", "text, text, text", "text"),
        ("format", "text, text, integer", "text"),
        ("format", "text, name", "text"),
        ("shobj_description", "oid, text", "text"),
        ("has_function_privilege", "regprocedure, text", "boolean"),
        ("string_agg", "name, text", "text"),
    ] {
        let function = format!(
            "create function public.{name}({arguments}) returns {result}
             language plpgsql as $$ begin raise exception 'called {name} as %', current_user; end $$"
        );
        admin.batch_execute(&function).await.unwrap();
    }
    admin.batch_execute("reset search_path").await.unwrap();
    migrations::pending(&admin).await.unwrap();
    migrations::outside(&admin).await.unwrap();
    migrations::run(&mut admin).await.unwrap();
    assert!(migrations::pending(&admin).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_stands_before_postgresqls_own_in_a_path_is_never_called_by_the_migrations() {
    let database = TestDatabase::create_empty().await;
    let mut admin = database.connect().await;
    let traps = "
        create function public.to_regclass(text) returns regclass language plpgsql as
          $$ begin raise exception 'called as %', current_user; end $$;
        create function public.pg_backend_pid() returns integer language plpgsql as
          $$ begin raise exception 'called as %', current_user; end $$;
        create function public.equal(name, text) returns boolean language plpgsql as
          $$ begin raise exception 'called as %', current_user; end $$;
        create operator public.= (leftarg = name, rightarg = text, function = public.equal);
        set search_path = public, pg_catalog";
    admin.batch_execute(traps).await.unwrap();
    migrations::pending(&admin).await.unwrap();
    migrations::outside(&admin).await.unwrap();
    assert!(migrations::belongs_to(&admin, &database.connect().await).await.unwrap());
    migrations::run(&mut admin).await.unwrap();
    assert!(migrations::pending(&admin).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_database_that_came_without_its_roles_is_not_up_to_date() {
    let (cluster, admin) = migrated_server("without-roles").await;
    admin.batch_execute("alter role billing_reader rename to billing_former").await.unwrap();
    let error = migrations::pending(&admin).await.unwrap_err();
    assert!(error.to_string().starts_with("the roles billing_reader are missing on this server"), "{error}");
    drop(admin);
    cluster.stop().await;
}

#[tokio::test]
async fn every_login_has_a_limit_of_connections_and_of_patience_from_the_beginning() {
    let (cluster, admin) = migrated_server("limits").await;
    // Not every operating system can tell that a client is gone.
    let limits = "select string_agg(concat_ws(' ', rolname, rolconnlimit,
          array_to_string(array_remove(rolconfig, 'client_connection_check_interval=2s'), ' ')),
          chr(10) order by rolname)
        from pg_roles where rolname like 'billing%' and rolcanlogin";
    let limits: String = admin.query_one(limits, &[]).await.unwrap().get(0);
    let rest = "idle_in_transaction_session_timeout=15s search_path=pg_catalog, pg_temp idle_session_timeout";
    let level = "default_transaction_isolation=read committed";
    assert_eq!(
        limits.lines().collect::<Vec<_>>(),
        [
            format!("billing_checkout 30 statement_timeout=10s {rest}=45s {level}"),
            format!("billing_events 60 statement_timeout=10s {rest}=45s {level}"),
            format!("billing_operator 15 statement_timeout=5min {rest}=10min {level}"),
            format!("billing_reader 60 statement_timeout=5s {rest}=45s {level}"),
        ]
    );
    for login in LOGINS {
        let client = connect(&cluster.url(login, "postgres")).await;
        for setting in ["statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"] {
            let row = client.query_one(&format!("select current_setting('{setting}')"), &[]).await.unwrap();
            assert_ne!(row.get::<_, String>(0), "0", "{login} {setting}");
        }
    }
    drop(admin);
    cluster.stop().await;
}

#[tokio::test]
async fn a_login_can_do_nothing_in_the_applications_tables_whatever_these_grant_to_users() {
    let (cluster, admin) = migrated_server("leaked").await;
    let application = "create table public.documents (id bigint generated always as identity primary key,
          owner uuid, body text);
        create table public.secrets (id bigint primary key);
        alter table public.documents enable row level security;
        create policy own on public.documents to authenticated using (owner = auth.uid()) with check (true);
        grant all on public.documents, public.secrets to authenticated, service_role, anon;
        grant all on all sequences in schema public to authenticated, service_role, anon;
        insert into public.documents (owner, body) values ('0a000000-0000-4000-8000-000000000001', 'draft');
        create function public.erase() returns void
          language sql security definer as 'delete from public.documents';
        revoke all on function public.erase() from public;
        grant execute on function public.erase() to authenticated, service_role";
    admin.batch_execute(application).await.unwrap();
    let statements = [
        "select * from public.documents",
        "insert into public.documents (body) values ('x')",
        "update public.documents set body = ''",
        "delete from public.documents",
        "truncate public.secrets",
        "select nextval('public.documents_id_seq')",
        "select public.erase()",
        "create table public.mine (id int)",
        "create function public.mine() returns int language sql as 'select 1'",
        "create schema mine",
        "create table billing.mine (id int)",
        "create function auth.mine() returns int language sql as 'select 1'",
        "copy public.documents to program 'cat'",
        "create role mine",
        "alter role billing_owner password 'x'",
        "grant billing_owner to billing_reader",
    ];
    for login in LOGINS {
        let client = connect(&cluster.url(login, "postgres")).await;
        let roles: &[&str] =
            if login == "billing_operator" { &[""] } else { &["", "set role billing_viewer;"] };
        for role in roles {
            let become_user = format!(
                "begin; {role} set request.jwt.claims = '{{\"sub\": \"{}\", \"role\": \"authenticated\"}}';",
                users::OWNER
            );
            for statement in statements {
                let error =
                    client.batch_execute(&format!("{become_user} {statement}")).await.expect_err(statement);
                assert_eq!(
                    error.code().map(|code| code.code()),
                    Some("42501"),
                    "{login} {role} {statement}: {error}"
                );
                client.batch_execute("rollback").await.unwrap();
            }
        }
        for other in [
            "authenticated",
            "service_role",
            "anon",
            "billing_owner",
            "postgres",
            "billing_checkout",
            "billing_operator",
        ] {
            if other != login {
                let denied = client.batch_execute(&format!("set role {other}")).await.expect_err(other);
                assert_eq!(denied.code().map(|code| code.code()), Some("42501"), "{login} becomes {other}");
            }
        }
    }
    drop(admin);
    cluster.stop().await;
}

#[tokio::test]
async fn nobody_changes_billing_in_a_transaction_that_would_not_see_what_it_waited_for() {
    let t = TestApp::start().await;
    for level in ["repeatable read", "serializable"] {
        let name = t.value("select current_database()").await;
        let default = format!("alter database \"{name}\" set default_transaction_isolation = '{level}'");
        t.db.batch_execute(&default).await.unwrap();
        for login in LOGINS {
            let client = connect(&t.database.url(login)).await;
            let own = client.query_one("show transaction_isolation", &[]).await.unwrap();
            assert_eq!(own.get::<_, String>(0), "read committed", "{login}");
        }
        let other = connect(&t.database.url("postgres")).await;
        let sql = format!("select billing.pf_apply_plan_entitlements('{}', 'pro')", t.org);
        let refused = other.batch_execute(&sql).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "25000", "{refused:?}");
        other.batch_execute("set default_transaction_isolation = 'read committed'").await.unwrap();
        other.batch_execute(&sql).await.unwrap();
    }
}
