//! `billing grant` and `billing revoke`.

use serde_json::{Value, json};
use tests::{TestApp, users};
use uuid::Uuid;

async fn has(t: &TestApp, flag: &str) -> Value {
    t.entitlements(users::MEMBER, &t.org).await.body["entitlements"][flag].clone()
}

#[tokio::test]
async fn a_grant_counts_at_once_and_says_who_and_why() {
    let t = TestApp::start().await;
    assert_eq!(has(&t, "hasAPI").await, false);
    let granted =
        t.billing_json(0, &["grant", &t.org, "hasAPI", "--by", "ada", "--reason", "ticket 4711"]).await;
    assert_eq!(granted["before"], json!({ "enabled": false, "source": "plan", "expires_at": null }));
    assert_eq!(granted["after"], json!({ "enabled": true, "source": "override", "expires_at": null }));
    assert_eq!(has(&t, "hasAPI").await, true);
    let told = "select concat_ws(' ', telemetry ->> 'feature', telemetry ->> 'to', telemetry ->> 'cause',
          telemetry ->> 'reason') from runs where kind = 'entitlement_overridden'";
    assert_eq!(t.value(told).await, "hasAPI on ada ticket 4711");
    // It outlasts what happens to the plan.
    let id = t.buy("pro", "month").await;
    t.stripe.advance(60);
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;
    assert_eq!(has(&t, "hasAPI").await, true);
    assert_eq!(has(&t, "canExportPDF").await, false);
}

#[tokio::test]
async fn a_denial_goes_before_the_plan_until_it_is_revoked() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let denied = t.billing(&["grant", &id, "canExportPDF", "--deny", "--reason", "abuse"]).await;
    assert!(denied.status == 0 && denied.output.contains("before  on by plan"), "{denied:?}");
    assert!(denied.output.contains("now     off by override"), "{denied:?}");
    assert_eq!(has(&t, "canExportPDF").await, false);
    let revoked = t.billing_json(0, &["revoke", &t.org, "canExportPDF", "--reason", "settled"]).await;
    assert_eq!((&revoked["before"]["enabled"], &revoked["after"]["enabled"]), (&json!(false), &json!(true)));
    assert_eq!(has(&t, "canExportPDF").await, true);
    // Nobody said who: it is the user and the machine.
    let by = t
        .value(
            "select string_agg(distinct telemetry ->> 'cause', ' ') from runs
             where kind = 'entitlement_overridden'",
        )
        .await;
    assert!(by.contains('@') && !by.contains(' '), "{by}");
    let nothing = t.billing(&["revoke", &t.org, "canExportPDF", "--reason", "again"]).await;
    assert!(nothing.status == 1 && nothing.complaint.contains("there is nothing to revoke"), "{nothing:?}");
    assert_eq!(t.value("select count(*) from runs where kind = 'entitlement_overridden'").await, "2");
}

#[tokio::test]
async fn a_grant_ends_when_it_says_and_a_later_one_takes_its_place() {
    let t = TestApp::start().await;
    let until = "2100-01-01T12:30:00+01:00";
    let granted =
        t.billing_json(0, &["grant", &t.org, "hasAPI", "--until", until, "--reason", "trial"]).await;
    assert_eq!(granted["after"]["expires_at"], "2100-01-01T11:30:00Z");
    let longer = t.billing(&["grant", &t.org, "hasAPI", "--until", "2101-01-01", "--reason", "longer"]).await;
    assert!(longer.output.contains("on by override until 2101-01-01 00:00:00 UTC"), "{longer:?}");
    assert_eq!(t.value("select count(*) from entitlements").await, "1");
    t.db.batch_execute("update entitlements set expires_at = now() - interval '1 second'").await.unwrap();
    assert_eq!(has(&t, "hasAPI").await, false);
}

#[tokio::test]
async fn wrong_input_and_missing_parts_change_nothing() {
    let t = TestApp::start().await;
    let unknown = t.billing(&["grant", &t.org, "hasEverything", "--reason", "x"]).await;
    assert_eq!(unknown.status, 2);
    let flags = t.value("select string_agg(feature, ' ') from plan_entitlements where plan_code = 'pilot'");
    for flag in flags.await.split(' ') {
        assert!(unknown.complaint.contains(flag), "{}", unknown.complaint);
    }
    t.assert_wrong_usage(&["grant", &t.org, "hasAPI"], "--reason <TEXT>").await;
    t.assert_wrong_usage(&["grant", &t.org, "hasAPI", "--reason", " "], "it must say something").await;
    t.assert_wrong_usage(&["grant", &t.org, "hasAPI", "--until", "soon", "--reason", "x"], "expected a date")
        .await;
    t.assert_wrong_usage(
        &["grant", &t.org, "hasAPI", "--until", "2020-01-01", "--reason", "x"],
        "has passed",
    )
    .await;
    t.assert_wrong_usage(&["revoke", &t.org, "hasAPI"], "--reason <TEXT>").await;
    t.assert_wrong_usage(&["revoke", "acme", "hasAPI", "--reason", "x"], "expected an organization's id")
        .await;
    let ghost = Uuid::new_v4().to_string();
    for command in ["grant", "revoke"] {
        let outcome = t.billing(&[command, &ghost, "hasAPI", "--reason", "x"]).await;
        assert!(outcome.status == 1 && outcome.complaint.contains("No organization is known"), "{outcome:?}");
        t.assert_needs(&[command, &t.org, "hasAPI", "--reason", "x"], false).await;
    }
    assert_eq!(t.value("select count(*) from entitlements").await, "0");
}
