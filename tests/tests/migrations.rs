//! The schema: complete, applied once, closed by default.

use shared::db::SCHEMA_VERSION;
use tests::{TestApp, TestDatabase, bare_server, users};

#[test]
fn the_code_expects_the_newest_migration() {
    assert_eq!(migrations::latest_version(), SCHEMA_VERSION);
}

#[tokio::test]
async fn four_runners_at_once_apply_each_migration_once_and_a_second_run_changes_nothing() {
    let database = TestDatabase::create_empty().await;
    let runs = (0..4).map(|_| async {
        let mut client = database.connect().await;
        migrations::run(&mut client).await.unwrap().len()
    });
    let applied: usize = futures_util::future::join_all(runs).await.into_iter().sum();
    assert_eq!(applied, migrations::FILES.len());
    assert!(migrations::run(&mut database.connect().await).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_databases_of_one_server_can_be_migrated_first_at_the_same_time() {
    let server = bare_server("twins").await;
    let admin = server.connect("postgres").await.unwrap();
    admin.batch_execute("create database one").await.unwrap();
    admin.batch_execute("create database other").await.unwrap();
    let runs = ["one", "other"]
        .map(async |name| migrations::run(&mut server.connect(name).await.unwrap()).await.unwrap().len());
    assert_eq!(futures_util::future::join_all(runs).await, [migrations::FILES.len(); 2]);
}

#[tokio::test]
async fn months_begin_at_midnight_utc_whatever_style_and_zone_the_session_has() {
    let database = TestDatabase::create_empty().await;
    let mut client = database.connect().await;
    client.batch_execute("set datestyle = 'SQL, DMY'; set timezone = 'Asia/Kolkata'").await.unwrap();
    migrations::run(&mut client).await.unwrap();
    client.batch_execute("set datestyle = 'ISO'; set timezone = 'UTC'").await.unwrap();
    let bounds = "select string_agg(pg_get_expr(c.relpartbound, c.oid), ' ') from pg_class c
        where c.relispartition and c.relname like '%\\_20%' and c.relkind = 'r'";
    let bounds: String = client.query_one(bounds, &[]).await.unwrap().get(0);
    assert_eq!(bounds.matches("-01 00:00:00+00'").count(), 16, "{bounds}");
}

#[tokio::test]
async fn an_owner_who_is_no_superuser_can_apply_them_and_they_work() {
    let database = TestDatabase::create_empty().await;
    let admin = database.connect().await;
    let owner = "create role plain_owner login createrole;
        -- Another database of this server was migrated before, by somebody else.
        grant billing_owner to plain_owner";
    admin.batch_execute(owner).await.unwrap();
    let name: String = admin.query_one("select current_database()::text", &[]).await.unwrap().get(0);
    admin.batch_execute(&format!("grant create on database {name} to plain_owner")).await.unwrap();
    let (mut client, connection) =
        tokio_postgres::connect(&database.url("plain_owner"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    migrations::run(&mut client).await.unwrap();
    let works = format!(
        "insert into billing.own_organizations (id, name) values ('{org}', 'A');
         insert into billing.own_members values ('{org}', '{owner}', 'owner');
         select billing.pf_apply_plan_entitlements('{org}', 'pro')",
        owner = users::OWNER,
        org = users::ADMIN
    );
    client.batch_execute(&works).await.unwrap();
    let become_user = format!(
        "begin; select set_config('request.jwt.claims', '{{\"sub\": \"{}\"}}', true);
            set local role authenticated",
        users::OWNER
    );
    admin.batch_execute(&become_user).await.unwrap();
    let client = admin;
    let seen = client
        .query_one("select count(*), count(*) filter (where enabled) from entitlements_effective", &[])
        .await
        .unwrap();
    assert_eq!((seen.get::<_, i64>(0), seen.get::<_, i64>(1)), (11, 7));
}

#[tokio::test]
async fn an_unknown_plan_is_not_applied() {
    let t = TestApp::start().await;
    let error =
        t.db.execute("select pf_apply_plan_entitlements($1::text::uuid, 'gold')", &[&t.org])
            .await
            .unwrap_err();
    assert!(error.as_db_error().unwrap().message().contains("unknown plan_code gold"));
}

#[tokio::test]
async fn deleting_an_organization_leaves_what_was_billed_until_it_is_forgotten() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.db.batch_execute("delete from own_organizations").await.unwrap();
    for table in ["customers", "subscriptions", "entitlements", "webhook_events", "runs"] {
        assert_ne!(t.value(&format!("select count(*) from {table}")).await, "0", "{table}");
    }
    assert_eq!(t.value("select count(*) from entitlements_effective").await, "0");
    t.entitlements(users::OWNER, &t.org).await.assert_failure(403, "not_a_member");
}
