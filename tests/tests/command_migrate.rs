//! `billing migrate`.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cli::commands::migrate::{self, Args};
use cli::context::Context;
use cli::outcome::{Code, Failure, Report};
use shared::config::Config;
use shared::db::SCHEMA_VERSION;
use tests::TestDatabase;

const APPLY: Args = Args { check: false, dry_run: false };
const CHECK: Args = Args { check: true, dry_run: false };
const DRY_RUN: Args = Args { check: false, dry_run: true };

fn context(url: &str) -> Context {
    Context::new(Config::from_lookup(|name| (name == "DATABASE_URL").then(|| url.to_owned())))
}

#[tokio::test]
async fn it_applies_what_is_pending_once_and_names_it() {
    let database = TestDatabase::create_empty().await;
    let context = context(&database.url("postgres"));
    let first = migrate::run(APPLY, &context).await.unwrap();
    assert_eq!(first.applied.len(), migrations::FILES.len());
    let sentence = first.to_string();
    assert!(sentence.starts_with("applied  tables/V1__schemas_and_roles\n"), "{sentence}");
    assert!(sentence.contains("applied  views: entitlements_effective, plan_effective\n"), "{sentence}");
    assert!(sentence.contains(&format!("\nVersion {SCHEMA_VERSION}. ")), "{sentence}");
    let second = migrate::run(APPLY, &context).await.unwrap();
    assert!(second.applied.is_empty() && second.is_well());
    assert_eq!(second.to_string(), format!("Up to date: version {SCHEMA_VERSION}."));
}

#[tokio::test]
async fn a_check_and_a_dry_run_list_what_is_pending_and_change_nothing() {
    let database = TestDatabase::create_empty().await;
    let context = context(&database.url("postgres"));
    let check = migrate::run(CHECK, &context).await.unwrap();
    assert_eq!((check.pending.len(), check.version, check.is_well()), (migrations::FILES.len(), 0, false));
    let dry_run = migrate::run(DRY_RUN, &context).await.unwrap();
    assert_eq!((&dry_run.pending, dry_run.is_well()), (&check.pending, true));
    let tables = "select count(*) from pg_namespace where nspname in ('billing', 'billing_private', 'auth')";
    let left = database.connect().await.query_one(tables, &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
    migrate::run(APPLY, &context).await.unwrap();
    assert!(migrate::run(CHECK, &context).await.unwrap().is_well());
}

#[tokio::test]
async fn a_changed_and_an_unknown_migration_are_refused_and_nothing_is_applied() {
    let database = TestDatabase::create().await;
    let admin = database.connect().await;
    let context = context(&database.url("postgres"));
    let newer = "insert into schema_history values ('tables/V9001__from_tomorrow', '1')";
    admin.batch_execute(newer).await.unwrap();
    for args in [APPLY, CHECK] {
        let error = migrate::run(args, &context).await.unwrap_err();
        assert_eq!(error.code(), Code::Failed);
        assert!(
            error.to_string().contains("V9001__from_tomorrow, which this version of billing does not know"),
            "{error}"
        );
    }
    let changed = "delete from schema_history where checksum = '1';
        update schema_history set checksum = '1' where name = 'tables/V3__plans'";
    admin.batch_execute(changed).await.unwrap();
    let error = migrate::run(APPLY, &context).await.unwrap_err();
    assert!(error.to_string().contains("V3__plans was changed after it was applied"), "{error}");
}

#[tokio::test]
async fn a_definition_that_changed_is_applied_again_with_its_grants_and_nothing_else_is() {
    let database = TestDatabase::create().await;
    let admin = database.connect().await;
    // As an older release left it: another body, another right.
    let older = "create or replace function billing_private.livemode() returns boolean
          language sql as 'select false';
        grant execute on function billing_private.livemode() to anon;
        update schema_history set checksum = 'older' where name = 'functions/livemode'";
    admin.batch_execute(older).await.unwrap();
    let context = context(&database.url("postgres"));
    let dry_run = migrate::run(DRY_RUN, &context).await.unwrap();
    assert_eq!(dry_run.pending, ["functions/livemode"]);
    assert!(dry_run.to_string().starts_with("pending  functions: livemode\n"), "{dry_run}");
    let applied = migrate::run(APPLY, &context).await.unwrap();
    assert_eq!(
        (applied.applied.as_slice(), applied.version),
        (["functions/livemode"].as_slice(), SCHEMA_VERSION)
    );
    let now = admin
        .query_one(
            "select prosrc like '%live_modes%', has_function_privilege('anon', oid, 'execute'),
               has_function_privilege('authenticated', oid, 'execute')
             from pg_proc where oid = 'billing_private.livemode()'::regprocedure",
            &[],
        )
        .await
        .unwrap();
    assert_eq!((now.get::<_, bool>(0), now.get::<_, bool>(1), now.get::<_, bool>(2)), (true, false, true));
}

#[tokio::test]
async fn the_history_says_that_a_migration_changed_a_row_and_nobody_by_hand() {
    let database = TestDatabase::create().await;
    let admin = database.connect().await;
    // As an older release left it, which did not know the column.
    let older = "set session_replication_role = replica;
        update billing.plans set all_features = '{}';
        delete from billing.history where kind = 'plans';
        update schema_history set checksum = 'older' where name = 'functions/plan_features'";
    admin.batch_execute(older).await.unwrap();
    let applied = migrate::run(APPLY, &context(&database.url("postgres"))).await.unwrap();
    assert_eq!(applied.applied, ["functions/plan_features"]);
    let told = "select string_agg(concat_ws(' by ', key, cause), ', ' order by key) from billing.history
        where kind = 'plans'";
    let told: String = admin.query_one(told, &[]).await.unwrap().get(0);
    assert_eq!(told, "enterprise by billing migrate, pilot by billing migrate, pro by billing migrate");
}

#[tokio::test]
async fn a_schema_or_role_of_our_name_that_is_not_ours_is_refused_before_anything_is_changed() {
    for schema in ["billing", "billing_private"] {
        let database = TestDatabase::create_empty().await;
        let admin = database.connect().await;
        admin
            .batch_execute(&format!("create schema {schema}; create table {schema}.plans (id int)"))
            .await
            .unwrap();
        let context = context(&database.url("postgres"));
        for args in [APPLY, CHECK, DRY_RUN] {
            let error = migrate::run(args, &context).await.unwrap_err().to_string();
            assert!(
                error.contains(&format!("the schema {schema} exists and was not made by billing migrate")),
                "{error}"
            );
        }
        let left = "select string_agg(nspname, ',') from pg_namespace
            where nspname in ('billing', 'billing_private', 'auth')";
        assert_eq!(admin.query_one(left, &[]).await.unwrap().get::<_, String>(0), schema);
    }
}

#[tokio::test]
async fn a_run_that_fails_in_the_middle_leaves_nothing_behind() {
    let database = TestDatabase::create_empty().await;
    let admin = database.connect().await;
    let sabotage = "create function public.stop_views() returns event_trigger language plpgsql as $$ begin
          if tg_tag = 'CREATE VIEW' then raise exception 'no view today'; end if; end $$;
        create event trigger stop on ddl_command_end
          when tag in ('CREATE VIEW') execute function public.stop_views()";
    admin.batch_execute(sabotage).await.unwrap();
    let error = migrate::run(APPLY, &context(&database.url("postgres"))).await.unwrap_err().to_string();
    assert!(
        error.contains("tables/V2__organizations failed: ") && error.contains("no view today"),
        "{error}"
    );
    let left = "select count(*) from pg_namespace where nspname in ('billing', 'billing_private', 'auth')";
    assert_eq!(admin.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn without_a_usable_database_it_says_what_to_do() {
    for (url, expected, code) in [
        ("", "DATABASE_URL is not set", Code::NotConfigured),
        ("nonsense", "DATABASE_URL cannot be used", Code::NotConfigured),
        ("postgres://postgres@127.0.0.1:1/none", "The database cannot be reached", Code::DatabaseUnreachable),
    ] {
        let error = migrate::run(APPLY, &context(url)).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(error.code(), code);
    }
}

#[tokio::test]
async fn a_login_that_may_not_is_told_in_the_databases_words() {
    let database = TestDatabase::create_empty().await;
    let error = migrate::run(APPLY, &context(&database.url("billing_reader"))).await.unwrap_err();
    assert!(error.to_string().contains("Run it as a role that may create roles and schemas"), "{error}");
}

#[tokio::test]
async fn a_session_of_its_own_is_told_from_one_that_is_dealt_out() {
    let database = TestDatabase::create_empty().await;
    let (one, other) = (database.connect().await, database.connect().await);
    assert!(migrations::belongs_to(&one, &other).await.unwrap());
    // What a pooler in transaction mode does: two connections, one session.
    assert!(!migrations::belongs_to(&one, &one).await.unwrap());
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_refused_and_one_in_session_mode_is_not() {
    let database = TestDatabase::create_empty().await;
    let Some(pooler) = Pooler::start(&database, "transaction").await else {
        println!("no pgbouncer on this machine: not tried");
        return;
    };
    let error = migrate::run(APPLY, &context(&pooler.url)).await.unwrap_err();
    assert!(error.to_string().contains("pooler in transaction mode"), "{error}");
    assert!(!migrate::run(CHECK, &context(&pooler.url)).await.unwrap().is_well());
    drop(pooler);
    let pooler = Pooler::start(&database, "session").await.expect("it started before");
    let migrated = migrate::run(APPLY, &context(&pooler.url)).await.unwrap();
    assert_eq!(migrated.version, SCHEMA_VERSION);
}

/// A PgBouncer in front of a database.
struct Pooler {
    process: Child,
    folder: std::path::PathBuf,
    url: String,
}

impl Pooler {
    async fn start(database: &TestDatabase, mode: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists())?;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let upstream: tokio_postgres::Config = database.url("postgres").parse().unwrap();
        let name = upstream.get_dbname().unwrap().to_owned();
        let folder = std::env::temp_dir().join(format!("promptforge-pooler-{}-{mode}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("users.txt"), "\"postgres\" \"\"\n").unwrap();
        let file = folder.join("pgbouncer.ini");
        let settings = format!(
            "[databases]\n{name} = host=127.0.0.1 port={} dbname={name}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n\
             auth_file = {}\npool_mode = {mode}\nignore_startup_parameters = extra_float_digits\n",
            upstream.get_ports()[0],
            folder.join("users.txt").display()
        );
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new(program);
        // PgBouncer refuses to run as root.
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, PermissionsExt};
            use std::os::unix::process::CommandExt;
            if std::fs::metadata(&folder).unwrap().uid() == 0 {
                std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
                command.uid(65534).gid(65534);
            }
        }
        let process = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/{name}");
        let pooler = Self { process, folder, url };
        for _ in 0..100 {
            if tokio_postgres::connect(&pooler.url, tokio_postgres::NoTls).await.is_ok() {
                return Some(pooler);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        None
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn the_page_on_deploying_shows_a_first_run_of_this_version() {
    let page = std::fs::read_to_string(tests::root().join("docs/DEPLOY.md")).unwrap();
    let names = || migrations::FILES.iter().map(|file| file.name);
    let count = |folder: &str| names().filter(|name| name.starts_with(folder)).count();
    let mut lines: Vec<String> =
        names().filter(|name| name.starts_with("tables/")).map(|name| format!("applied  {name}")).collect();
    lines.push(format!("applied  functions: {}", count("functions/")));
    lines.push("applied  views: entitlements_effective, plan_effective".to_owned());
    lines.push(format!("applied  policies: {}", count("policies/")));
    assert!(page.contains(&lines.join("\n")), "{lines:#?}");
    for version in ["\nVersion VERSION. Nothing else", "ok  migrations            version VERSION\n"] {
        assert!(page.contains(&version.replace("VERSION", &SCHEMA_VERSION.to_string())), "{version}");
    }
}
