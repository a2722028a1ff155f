//! `billing notifications`, and what `billing doctor` says of what is not told.

use serde_json::Value;
use tests::TestApp;

/// An app with a row of the outbox, and that row.
async fn changed() -> (TestApp, Value) {
    let t = TestApp::start().await;
    t.value(&format!("select pf_override_entitlement('{}', 'hasAPI', true, null, 'ada', 'x')", t.org)).await;
    let listed = t.billing_json(0, &["notifications", "list"]).await;
    let row = listed["notifications"][0].clone();
    (t, row)
}

/// Says of what waits that it was sent, and what became of it.
async fn send(t: &TestApp, outcome: &str) {
    let settle = format!(
        "select (select jsonb_agg(s) from pf_settle_notifications((select jsonb_agg(
           jsonb_build_object('org', c.org_id, 'version', c.version) || '{outcome}')
           from pf_claim_notifications(100, 60) c)) s)"
    );
    t.value(&settle).await;
}

#[tokio::test]
async fn what_waits_and_what_was_told_is_listed_by_organization() {
    let (t, row) = changed().await;
    assert_eq!((row["org_id"].as_str(), row["cause"].as_str()), (Some(t.org.as_str()), Some("ada")));
    for (arguments, many) in [
        (vec!["--waiting"], 1),
        (vec!["--failed"], 0),
        (vec!["--org", &t.org], 1),
        (vec!["--org", &t.other_org], 0),
    ] {
        let arguments = [vec!["notifications", "list"], arguments].concat();
        let listed = t.billing_json(0, &arguments).await;
        assert_eq!(listed["notifications"].as_array().unwrap().len(), many, "{arguments:?}");
    }
    let words = t.billing(&["notifications", "list"]).await.output;
    assert!(words.contains("waits") && words.contains(&t.org), "{words}");
    send(&t, r#"{"done": true}"#).await;
    let words = t.billing(&["notifications", "list"]).await.output;
    assert!(words.contains("told"), "{words}");
    assert_eq!(t.billing(&["notifications", "list", "--waiting"]).await.output, "No such notification.");
    t.assert_wrong_usage(&["notifications", "list", "--waiting", "--failed"], "cannot be used with").await;
}

#[tokio::test]
async fn what_is_replayed_waits_once_more() {
    let (t, row) = changed().await;
    let id = row["id"].as_str().unwrap();
    for arguments in [vec!["--org", &t.org], vec!["--since", "1h"], vec![id]] {
        send(&t, r#"{"done": true}"#).await;
        let arguments = [vec!["notifications", "replay"], arguments].concat();
        let words = t.billing(&arguments).await;
        assert_eq!(words.output, "The application is told again about 1 organization.", "{arguments:?}");
        let listed = t.billing_json(0, &["notifications", "list", "--waiting"]).await;
        assert_eq!(listed["notifications"][0]["replayed"], true);
    }
    let unknown = t.billing(&["notifications", "replay", &t.org]).await;
    assert!(unknown.status == 1 && unknown.output.contains(&format!("No notification {}", t.org)));
    t.assert_wrong_usage(&["notifications", "replay"], "required").await;
}

#[tokio::test]
async fn the_doctor_says_how_many_wait_since_when_and_what_is_lost() {
    let (t, _) = changed().await;
    let doctor = async || {
        let report = t.billing(&["doctor", "--json"]).await.output;
        let report: Value = serde_json::from_str(&report).unwrap();
        let checks = report["checks"].as_array().unwrap().iter();
        let check = checks.clone().find(|check| check["check"] == "notifications").unwrap().clone();
        format!("{} {}", check["status"].as_str().unwrap(), check["found"].as_str().unwrap())
    };
    assert_eq!(doctor().await, "ok nobody is told when access changes");
    send(&t, r#"{"done": false, "error": "500"}"#).await;
    assert_eq!(doctor().await, "warning 1 change not told for 0 minutes (500)");
    t.db.batch_execute("update notifications set created_at = now() - interval '1 hour'").await.unwrap();
    assert_eq!(doctor().await, "failing 1 change not told for 60 minutes (500)");
    t.db.batch_execute("update notifications set next_attempt_at = now()").await.unwrap();
    send(&t, r#"{"done": false, "gone": true, "error": "410"}"#).await;
    assert_eq!(doctor().await, "failing 1 change given up");
    t.billing_json(0, &["notifications", "replay", "--org", &t.org]).await;
    send(&t, r#"{"done": true}"#).await;
    assert_eq!(doctor().await, "ok everything is told");
}
