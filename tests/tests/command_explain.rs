//! `billing explain`.

use serde_json::{Value, json};
use tests::{TestApp, users};
use uuid::Uuid;

/// The sentence on top.
async fn sentence(t: &TestApp) -> String {
    let explained = t.billing_json(0, &["explain", &t.org]).await;
    explained["sentence"].as_str().unwrap().to_owned()
}

/// A day of a row, as the sentence has it.
async fn day(t: &TestApp, column: &str) -> String {
    t.value(&format!("select to_char({column} at time zone 'UTC', 'YYYY-MM-DD') from subscriptions")).await
}

fn flag<'a>(explained: &'a Value, name: &str) -> &'a Value {
    explained["flags"].as_array().unwrap().iter().find(|flag| flag["feature"] == name).unwrap()
}

#[tokio::test]
async fn who_never_paid_has_pilot_and_the_reason_is_told() {
    let t = TestApp::start().await;
    assert_eq!(sentence(&t).await, "First has pilot because it never had a subscription.");
    let explained = t.billing_json(0, &["explain", &t.org]).await;
    assert_eq!((explained["flags"].as_array().unwrap().len(), &explained["plan"]["seats"]), (11, &json!(1)));
    assert_eq!(flag(&explained, "canExportMD")["enabled"], true);
    let screen = t.billing(&["explain", &t.org]).await.output;
    assert!(screen.contains("Subscriptions: none") && screen.contains("none yet"), "{screen}");
}

#[tokio::test]
async fn who_pays_is_told_with_what_until_when_and_what_led_there() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let ends = day(&t, "current_period_end").await;
    assert_eq!(
        sentence(&t).await,
        format!("First has pro because {id} is active until {ends}, when it renews.")
    );
    let customer = t.value("select stripe_customer_id from customers").await;
    let by_org = t.billing_json(0, &["explain", &t.org]).await;
    for named in [&customer, &id] {
        assert_eq!(t.billing_json(0, &["explain", named]).await, by_org);
    }
    assert_eq!(
        (&flag(&by_org, "hasAPI")["enabled"], &flag(&by_org, "canExportPDF")["plan_code"]),
        (&json!(false), &json!("pro"))
    );
    let screen = t.billing(&["explain", &t.org]).await.output;
    for part in
        [&customer, &t.org, "pro x 1 by the month", "plan pro", "pilot -> pro", "invoice.paid", "by evt_"]
    {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert!(screen.lines().count() <= 45, "one screen: {screen}");
}

#[tokio::test]
async fn an_open_payment_is_told_in_its_grace_period_and_after() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    t.stripe.renew(&id, false).unwrap();
    t.deliver_all().await;
    let (since, until) = (day(&t, "past_due_since").await, day(&t, "grace_until").await);
    assert_eq!(
        sentence(&t).await,
        format!(
            "First is past_due since {since} with {id}; pro stays until {until}, unless it is paid before."
        )
    );
    t.db.batch_execute(
        "update subscriptions set grace_until = now() - interval '1 minute';
         update entitlements set expires_at = now() - interval '1 minute'",
    )
    .await
    .unwrap();
    let over = day(&t, "grace_until").await;
    assert_eq!(
        sentence(&t).await,
        format!(
            "First has pilot because {id} is past_due since {since} and its grace period ended on {over}."
        )
    );
}

#[tokio::test]
async fn a_cancellation_is_told_before_and_after_it_takes_effect() {
    let t = TestApp::start().await;
    let id = t.buy("enterprise", "year").await;
    t.stripe.advance(60);
    t.stripe.cancel_at_period_end(&id, true).unwrap();
    t.deliver_all().await;
    let ends = day(&t, "cancel_at").await;
    assert_eq!(
        sentence(&t).await,
        format!("First has enterprise until {ends}: {id} is active and canceled as of then.")
    );
    t.stripe.advance(60);
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;
    let ended = t.value("select to_char(now() at time zone 'UTC', 'YYYY-MM-DD')").await;
    assert_eq!(
        sentence(&t).await,
        format!("First has pilot because its last subscription {id} was canceled on {ended}.")
    );
}

#[tokio::test]
async fn two_subscriptions_a_plan_set_by_hand_and_statuses_that_grant_nothing() {
    let t = TestApp::start().await;
    let pro = t.buy("pro", "month").await;
    let copy = "insert into subscriptions
          select (jsonb_populate_record(s, '{\"stripe_subscription_id\": \"sub_second\",
            \"items\": [{\"plan\": \"enterprise\"}], \"plan_code\": \"enterprise\"}')).*
            from subscriptions s;
        select billing_private.apply_subscriptions(org_id, false, 'test') from subscriptions limit 1";
    t.db.batch_execute(copy).await.unwrap();
    let told = sentence(&t).await;
    assert!(
        told.starts_with("First has enterprise because sub_second is active")
            && told.contains("2 subscriptions are live at once"),
        "{told}"
    );
    t.db.batch_execute("delete from subscriptions where stripe_subscription_id = 'sub_second'")
        .await
        .unwrap();
    for (status, told) in [
        (
            "unpaid",
            format!(
                "First has pilot because {pro} is unpaid, which grants nothing: Stripe has given up on its \
                 payment."
            ),
        ),
        ("incomplete", format!("First has pilot because the first payment of {pro} is still open.")),
        ("incomplete_expired", format!("First has pilot because the first payment of {pro} was never made.")),
    ] {
        let update = format!(
            "update subscriptions set status = '{status}';
                select billing_private.apply_subscriptions(org_id, false, 'test') from subscriptions"
        );
        t.db.batch_execute(&update).await.unwrap();
        assert_eq!(sentence(&t).await, told);
    }
    t.db.batch_execute(&format!("select pf_apply_plan_entitlements('{}', 'enterprise')", t.org))
        .await
        .unwrap();
    assert_eq!(
        sentence(&t).await,
        "First has enterprise because it was set by hand: no subscription pays for it."
    );
}

#[tokio::test]
async fn overrides_and_add_ons_are_told_with_who_and_why() {
    let t = TestApp::start().await;
    let grant =
        ["grant", &t.org, "hasAPI", "--until", "2100-01-01", "--by", "ada", "--reason", "ticket 4711"];
    assert_eq!(t.billing(&grant).await.status, 0);
    t.db.batch_execute(&format!(
        "insert into entitlements (org_id, source, livemode, feature, source_id,
          expires_at) values ('{}', 'addon', false, 'hasWhiteLabel', 'cs_1', '2100-02-01Z')",
        t.org
    ))
    .await
    .unwrap();
    assert_eq!(
        sentence(&t).await,
        "First has pilot because it never had a subscription. One flag is decided by an override."
    );
    let explained = t.billing_json(0, &["explain", &t.org]).await;
    let api = flag(&explained, "hasAPI");
    assert_eq!(
        (&api["source"], &api["by_whom"], &api["reason"]),
        (&json!("override"), &json!("ada"), &json!("ticket 4711"))
    );
    let screen = t.billing(&["explain", &t.org]).await.output;
    for part in [
        "until 2100-01-01 00:00:00 UTC, by ada: ticket 4711",
        "addon cs_1",
        "until 2100-02-01 00:00:00 UTC",
        "entitlement overridden",
    ] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
}

#[tokio::test]
async fn the_flags_are_those_that_members_get() {
    let t = TestApp::start().await;
    t.buy("enterprise", "month").await;
    let answer = t.entitlements(users::OWNER, &t.org).await;
    let explained = t.billing_json(0, &["explain", &t.org]).await;
    for flag in explained["flags"].as_array().unwrap() {
        assert_eq!(flag["enabled"], answer.body["entitlements"][flag["feature"].as_str().unwrap()], "{flag}");
    }
}

#[tokio::test]
async fn wrong_input_and_missing_parts_are_refused() {
    let t = TestApp::start().await;
    t.assert_wrong_usage(&["explain"], "<ORG>").await;
    t.assert_wrong_usage(&["explain", "acme"], "expected an organization's id (a UUID)").await;
    for unknown in [&Uuid::new_v4().to_string(), "cus_none", "sub_none"] {
        let outcome = t.billing(&["explain", unknown]).await;
        assert_eq!(outcome.status, 1, "{outcome:?}");
        assert!(
            outcome.complaint.contains(&format!("No organization is known by {unknown}.")),
            "{outcome:?}"
        );
    }
    t.assert_needs(&["explain", &t.org], false).await;
}
