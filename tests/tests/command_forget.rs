//! `billing forget`.

use serde_json::json;
use tests::{TestApp, operator, users};
use uuid::Uuid;

/// The rows of an organization in every table of billing.
async fn rows(t: &TestApp, org: &str) -> String {
    let tables = ["customers", "subscriptions", "payments", "entitlements", "webhook_events", "runs"];
    let counts = tables.map(|table| format!("(select count(*) from {table} where org_id = '{org}')"));
    t.value(&format!("select concat_ws(' ', {})", counts.join(", "))).await
}

/// Both organizations with rows in every table, the first one's subscription canceled.
async fn two_organizations() -> TestApp {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    t.stripe.advance(60);
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;
    for org in [&t.org, &t.other_org] {
        let more = format!(
            "insert into payments (stripe_checkout_session_id, org_id, livemode, payment_status)
               values ('cs_{org}', '{org}', false, 'paid');
             select pf_override_entitlement('{org}', 'hasAPI', true, null, 'ada', 'ticket 4711')"
        );
        t.db.batch_execute(&more).await.unwrap();
    }
    t
}

#[tokio::test]
async fn everything_of_one_organization_goes_and_nothing_of_another() {
    let t = two_organizations().await;
    let other = rows(&t, &t.other_org).await;
    assert!(!rows(&t, &t.org).await.contains('0'), "{}", rows(&t, &t.org).await);
    let events = t.value("select count(*) from webhook_events").await;
    let forgotten = t.billing(&["forget", &t.org, "--yes-forget", &t.org, "--by", "ada"]).await;
    assert_eq!(forgotten.status, 0, "{forgotten:?}");
    for part in [
        "1 customers",
        "1 subscriptions",
        "1 payments",
        &format!("{events} webhook events"),
        "At Stripe stay cus_",
    ] {
        assert!(forgotten.output.contains(part), "{part}: {}", forgotten.output);
    }
    assert_eq!(rows(&t, &t.org).await, "0 0 0 0 0 0");
    assert_eq!(rows(&t, &t.other_org).await, other);
    // The organization and its members are the application's.
    let answer = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((answer.status, answer.text("/planCode")), (200, "pilot"));
    // An auditor who knows the organization's id finds that it was done, by whom; nobody else can tell whose
    // it was.
    let audit = format!(
        "select telemetry ->> 'cause' from runs where kind = 'billing_data_forgotten' and org_id is null
         and telemetry ->> 'organization_sha256' = encode(sha256('{}'), 'hex')",
        t.org
    );
    assert_eq!(t.value(&audit).await, "ada");
    assert_eq!(
        t.value(&format!("select count(*) from runs where telemetry::text like '%{}%'", t.org)).await,
        "0"
    );
}

#[tokio::test]
async fn a_live_subscription_keeps_it_from_being_forgotten_by_accident() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let before = rows(&t, &t.org).await;
    let refused = t.billing(&["forget", &t.org, "--yes-forget", &t.org]).await;
    assert!(refused.status == 1 && refused.complaint.contains(&format!("{id} is live")), "{refused:?}");
    assert_eq!(rows(&t, &t.org).await, before);
    let forced = ["forget", &t.org, "--yes-forget", &t.org, "--even-with-live-subscription"];
    let forgotten = t.billing_json(0, &forced).await;
    assert_eq!(
        (&forgotten["live"][0], forgotten["removed"]["subscriptions"].as_i64()),
        (&id.into(), Some(1))
    );
    // As it was told: the comparison brings the row back.
    t.billing_json(0, &["backfill", "--all"]).await;
    assert_eq!(t.value("select count(*) from subscriptions").await, "1");
}

#[tokio::test]
async fn the_id_is_asked_for_once_more() {
    let t = two_organizations().await;
    let before = rows(&t, &t.org).await;
    let nobody = t.billing(&["forget", &t.org]).await;
    assert!(nobody.status == 2 && nobody.complaint.contains("no terminal to ask at"), "{nobody:?}");
    let other = t.billing(&["forget", &t.org, "--yes-forget", &t.other_org]).await;
    assert!(other.status == 2 && other.complaint.contains("not the organization's id"), "{other:?}");
    let mut context = t.billing_context(&[]);
    context.ask = |_| Some("yes".to_owned());
    assert_eq!(operator::run(&context, &["forget", &t.org]).await.status, 2);
    assert_eq!(rows(&t, &t.org).await, before);
    // Whoever types the id that the question names, goes on.
    context.ask = |question| {
        let id = question.split(['(', ')']).nth(1)?;
        Some(id.to_uppercase())
    };
    assert_eq!(operator::run(&context, &["forget", &t.org]).await.status, 0);
    assert_eq!(rows(&t, &t.org).await, "0 0 0 0 0 0");
}

#[tokio::test]
async fn wrong_input_and_missing_parts_change_nothing() {
    let t = TestApp::start().await;
    t.assert_wrong_usage(&["forget"], "<ORG>").await;
    t.assert_wrong_usage(&["forget", "cus_1"], "expected the organization's id, a UUID").await;
    let ghost = Uuid::new_v4().to_string();
    let unknown = t.billing(&["forget", &ghost, "--yes-forget", &ghost]).await;
    assert!(unknown.status == 1 && unknown.complaint.contains("No organization is known"), "{unknown:?}");
    t.assert_needs(&["forget", &t.org, "--yes-forget", &t.org], false).await;
    assert_eq!(t.value("select count(*) from runs").await, "0");
}

#[tokio::test]
async fn what_had_ended_stays_forgotten_though_the_application_keeps_the_organization() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let metadata = json!({ "org_id": t.org, "addon_flags": "hasAPI" });
    let session = json!({ "id": "cs_1", "object": "checkout.session", "mode": "payment", "livemode": false,
        "payment_status": "paid", "amount_total": 1500, "currency": "usd", "customer": null,
        "subscription": null, "metadata": metadata });
    let bought = |id: &str, created: i64| {
        tests::said::event(id, "checkout.session.completed", created, session.clone())
    };
    t.deliver(&bought("evt_1", t.now() - 60)).await.assert_outcome("applied");
    t.stripe.advance(60);
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;
    t.billing(&["addon", "end", &t.org, "cs_1", "--reason", "fraud", "--by", "ada"]).await;
    let forgotten = t.billing(&["forget", &t.org, "--yes-forget", &t.org, "--by", "ada"]).await;
    assert_eq!(forgotten.status, 0, "{forgotten:?}");
    t.billing(&["backfill", "--all"]).await;
    t.reconcile().await;
    t.deliver(&bought("evt_1", t.now() - 60)).await.assert_outcome("ignored");
    let kept = "select concat_ws(' ', (select count(*) from subscriptions), (select count(*) from payments))";
    assert_eq!(t.value(kept).await, "0 0");
    // What is bought from now on counts.
    t.deliver(&bought("evt_2", t.now() + 60)).await.assert_outcome("applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.body["entitlements"]["hasAPI"], true);
}

#[tokio::test]
async fn the_application_is_told_what_is_left_though_only_a_message_waited() {
    let t = TestApp::start().await;
    t.billing_json(0, &["grant", &t.org, "hasAPI", "--reason", "promised"]).await;
    t.billing_json(0, &["revoke", &t.org, "hasAPI", "--reason", "over"]).await;
    t.db.batch_execute("delete from billing.runs").await.unwrap();
    let forgotten = t.billing(&["forget", &t.org, "--yes-forget", &t.org]).await;
    assert_eq!(forgotten.status, 0, "{forgotten:?}");
    let waits = format!("select count(*) from notifications where org_id = '{}' and attempts = 0", t.org);
    assert_eq!(t.value(&waits).await, "1");
}
