//! GET /api/health.

use serde_json::json;
use shared::db::SCHEMA_VERSION;
use tests::TestApp;

#[tokio::test]
async fn all_is_well() {
    let t = TestApp::start().await;
    let answer = t.health().await;
    assert_eq!(
        (answer.status, &answer.body),
        (200, &json!({ "success": true, "database": "ok", "schema": "ok", "configuration": "ok" }))
    );
}

#[tokio::test]
async fn a_database_that_is_down_fails_with_its_schema() {
    let t = TestApp::start_with(&[("DATABASE_URL", "postgres://billing_reader@127.0.0.1:1/none")]).await;
    let answer = t.health().await;
    let expected =
        json!({ "success": false, "database": "failing", "schema": "failing", "configuration": "ok" });
    assert_eq!((answer.status, &answer.body), (503, &expected));
}

#[tokio::test]
async fn an_older_schema_fails() {
    let t = TestApp::start().await;
    let newest = format!("delete from schema_history where name like 'tables/V{SCHEMA_VERSION}%'");
    t.db.batch_execute(&newest).await.unwrap();
    let answer = t.health().await;
    assert_eq!(
        (answer.status, &answer.body["schema"], &answer.body["database"]),
        (503, &json!("failing"), &json!("ok"))
    );
}

#[tokio::test]
async fn a_database_that_was_never_migrated_fails_by_its_schema() {
    let t = TestApp::start().await;
    t.db.batch_execute("drop table schema_history").await.unwrap();
    let answer = t.health().await;
    assert_eq!(
        (answer.status, &answer.body["schema"], &answer.body["database"]),
        (503, &json!("failing"), &json!("ok"))
    );
}

#[tokio::test]
async fn a_missing_or_malformed_variable_fails_and_is_not_named() {
    for (name, value) in [
        ("STRIPE_WEBHOOK_SECRET", ""),
        ("STRIPE_WEBHOOK_SECRET", "we_1"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1,sk_test_wrong"),
        ("STRIPE_SECRET_KEY", "pk_test_wrong"),
        ("SUPABASE_JWT_SECRET", "sb_secret_0123456789012345678901234"),
        ("BASE_URL", ""),
        ("GRACE_DAYS", "many"),
        // Access tokens then say who calls, and are checked with the project's address.
        ("IDENTITY_SOURCE", ""),
        ("SUPABASE_URL", "http://example.com"),
        ("SUPABASE_JWKS", "https://ref.supabase.co/auth/v1/.well-known/jwks.json"),
    ] {
        let t = TestApp::start_with(&[(name, value)]).await;
        let answer = t.health().await;
        let expected =
            json!({ "success": false, "database": "ok", "schema": "ok", "configuration": "failing" });
        assert_eq!((answer.status, &answer.body), (503, &expected), "{name}");
    }
}

#[tokio::test]
async fn a_database_address_that_contradicts_us_fails_as_configuration_too() {
    for parameter in ["sslmode=disable", "colour=blue"] {
        let url = format!("postgres://billing_reader@db.example.com/none?{parameter}");
        let t = TestApp::start_with(&[("DATABASE_URL", &url)]).await;
        let answer = t.health().await;
        let expected = json!({ "success": false, "database": "failing", "schema": "failing",
            "configuration": "failing" });
        assert_eq!((answer.status, &answer.body), (503, &expected), "{parameter}");
    }
}
