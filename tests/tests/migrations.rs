//! The schema: complete, applied once, closed by default.

use shared::db::SCHEMA_VERSION;
use tests::{TestApp, TestDatabase};

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
    assert_eq!(i64::try_from(applied).unwrap(), SCHEMA_VERSION);
    assert!(migrations::run(&mut database.connect().await).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_table_has_forced_row_level_security_and_a_policy() {
    let t = TestApp::start().await;
    let open = t
        .value(
            "select string_agg(c.relname, ', ') from pg_class c
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
               and not (c.relrowsecurity and c.relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid))",
        )
        .await;
    assert_eq!(open, "");
}

#[tokio::test]
async fn every_function_has_a_pinned_search_path_and_is_closed_to_the_public() {
    let t = TestApp::start().await;
    let loose = t
        .value(
            "select string_agg(p.oid::regprocedure::text, ', ') from pg_proc p
             where p.pronamespace in ('public'::regnamespace, 'billing_private'::regnamespace)
               and (not coalesce(p.proconfig::text like '%search_path=%', false)
                 or has_function_privilege('anon', p.oid, 'execute'))",
        )
        .await;
    assert_eq!(loose, "");
}

#[tokio::test]
async fn every_view_shows_its_reader_only_what_the_reader_may_see() {
    let t = TestApp::start().await;
    let views = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'";
    assert_eq!(t.value(views).await, "2");
    assert_eq!(t.value(&format!("{views} and 'security_invoker=true' = any (reloptions)")).await, "2");
}

#[tokio::test]
async fn the_functions_login_owns_nothing_and_is_no_superuser() {
    let t = TestApp::start().await;
    assert_eq!(t.value("select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls from pg_roles where rolname = 'billing_api'").await, "false");
    assert_eq!(
        t.value("select count(*) from pg_class where pg_get_userbyid(relowner) = 'billing_api'").await,
        "0"
    );
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
async fn deleting_an_organization_removes_all_its_rows() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.db.batch_execute("delete from organizations").await.unwrap();
    for table in [
        "organization_members",
        "billing_customers",
        "subscriptions",
        "payments",
        "entitlements",
        "webhook_events",
        "runs",
    ] {
        assert_eq!(t.value(&format!("select count(*) from {table}")).await, "0", "{table}");
    }
}
