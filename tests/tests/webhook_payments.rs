//! POST /api/webhooks/stripe: one-time payments, and the add-ons they grant.

use serde_json::{Value, json};
use tests::{TestApp, users};

pub(super) fn event(t: &TestApp, id: &str, kind: &str, status: &str, more: &Value) -> Value {
    let mut metadata = json!({ "org_id": t.org, "addon_flags": "hasAPI, canExportPDF,noSuchFlag" });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({
        "id": id, "type": kind, "created": t.now(), "livemode": false, "api_version": "2026-10-28.endive",
        "data": { "object": {
            "id": "cs_test_addon", "object": "checkout.session", "mode": "payment", "livemode": false,
            "payment_status": status,
            "amount_total": 1500, "currency": "usd", "customer": null, "subscription": null,
            "metadata": metadata
        } }
    })
}

pub(super) async fn flags(t: &TestApp) -> Value {
    t.entitlements(users::OWNER, &t.org).await.body["entitlements"].clone()
}

#[tokio::test]
async fn a_paid_session_grants_its_addons_beside_any_plan() {
    let t = TestApp::start().await;
    t.deliver(&event(&t, "evt_1", "checkout.session.completed", "paid", &json!({})))
        .await
        .assert_outcome("applied");
    assert_eq!(
        (&flags(&t).await["hasAPI"], &flags(&t).await["canExportPDF"], &flags(&t).await["hasWhiteLabel"]),
        (&json!(true), &json!(true), &json!(false))
    );
    assert_eq!(
        t.value("select concat_ws(' ', payment_status, amount_cents, currency) from payments").await,
        "paid 1500 usd"
    );
    let subscription = t.buy("pro", "month").await;
    t.stripe.cancel_now(&subscription).unwrap();
    t.deliver_all().await;
    assert_eq!(flags(&t).await["hasAPI"], true, "a plan that comes and goes leaves add-ons alone");
    assert_eq!(flags(&t).await["canExportJSON"], false);
}

#[tokio::test]
async fn a_delayed_method_grants_nothing_until_it_succeeds() {
    let t = TestApp::start().await;
    t.deliver(&event(&t, "evt_1", "checkout.session.completed", "unpaid", &json!({})))
        .await
        .assert_outcome("applied");
    assert_eq!(flags(&t).await["hasAPI"], false);
    t.deliver(&event(&t, "evt_2", "checkout.session.async_payment_succeeded", "paid", &json!({})))
        .await
        .assert_outcome("applied");
    assert_eq!(flags(&t).await["hasAPI"], true);
}

#[tokio::test]
async fn a_delayed_method_that_fails_grants_nothing() {
    let t = TestApp::start().await;
    t.deliver(&event(&t, "evt_2", "checkout.session.async_payment_failed", "unpaid", &json!({})))
        .await
        .assert_outcome("applied");
    t.deliver(&event(&t, "evt_1", "checkout.session.completed", "unpaid", &json!({})))
        .await
        .assert_outcome("stale");
    assert_eq!(
        (flags(&t).await["hasAPI"].clone(), t.value("select payment_status from payments").await),
        (json!(false), "failed".to_owned())
    );
}

#[tokio::test]
async fn a_payment_that_is_paid_stays_paid_whatever_comes_late() {
    let t = TestApp::start().await;
    t.deliver(&event(&t, "evt_2", "checkout.session.async_payment_succeeded", "paid", &json!({})))
        .await
        .assert_outcome("applied");
    t.deliver(&event(&t, "evt_1", "checkout.session.completed", "unpaid", &json!({})))
        .await
        .assert_outcome("stale");
    assert_eq!(t.value("select payment_status from payments").await, "paid");
    assert_eq!(t.value("select count(*) from entitlements where source = 'addon'").await, "2");
}

#[tokio::test]
async fn an_addon_may_be_sold_for_some_days() {
    let t = TestApp::start().await;
    t.deliver(&event(&t, "evt_1", "checkout.session.completed", "paid", &json!({ "addon_days": "30" })))
        .await
        .assert_outcome("applied");
    let left = "select round(extract(epoch from expires_at - now()) / 86400) from entitlements
        where feature = 'hasAPI'";
    assert_eq!(t.value(left).await, "30");
    t.db.batch_execute("update entitlements set expires_at = now() - interval '1 second'").await.unwrap();
    assert_eq!(flags(&t).await["hasAPI"], false);
}

#[tokio::test]
async fn a_session_that_only_stored_a_card_is_ignored() {
    let t = TestApp::start().await;
    let mut setup = event(&t, "evt_1", "checkout.session.completed", "no_payment_required", &json!({}));
    setup["data"]["object"]["mode"] = json!("setup");
    t.deliver(&setup).await.assert_outcome("ignored");
    assert_eq!(t.value("select count(*) from payments").await, "0");
}

/// What an event says of the charge that paid the session.
#[tokio::test]
async fn a_duration_that_cannot_be_read_is_never_for_good() {
    for typed in ["30 days", "1 month", "30.0", "3e1", "0", "-1", "", "for ever", "99999999999"] {
        let t = TestApp::start().await;
        let metadata = json!({ "addon_flags": "hasAPI", "addon_days": typed });
        t.deliver(&event(&t, "evt_1", "checkout.session.completed", "paid", &metadata))
            .await
            .assert_outcome("applied");
        assert_eq!(flags(&t).await["hasAPI"], false, "{typed:?}");
        assert_eq!(t.value("select addon_unreadable from payments").await, "addon_days", "{typed:?}");
        let told = "select telemetry ->> 'unreadable' from runs where kind = 'addon_unreadable'";
        assert_eq!(t.value(told).await, "addon_days", "{typed:?}");
    }
}

#[tokio::test]
async fn a_flag_that_cannot_be_read_is_told_and_the_others_are_granted() {
    for (typed, granted, unreadable) in [
        ("canExportPdf", false, "canExportPdf"),
        ("hasAPI;canExportPDF", false, "hasAPI;canExportPDF"),
        ("hasAPI\ncanExportPDF", false, "hasAPI\ncanExportPDF"),
        (" hasAPI\n, nonsense", true, "nonsense"),
    ] {
        let t = TestApp::start().await;
        t.deliver(&event(
            &t,
            "evt_1",
            "checkout.session.completed",
            "paid",
            &json!({ "addon_flags": typed }),
        ))
        .await
        .assert_outcome("applied");
        assert_eq!(flags(&t).await["hasAPI"], granted, "{typed:?}");
        assert_eq!(t.value("select addon_unreadable from payments").await, unreadable, "{typed:?}");
        assert_eq!(
            t.value("select count(*) from runs where kind = 'addon_unreadable'").await,
            "1",
            "{typed:?}"
        );
    }
}

#[tokio::test]
async fn a_flag_that_comes_while_its_payment_is_on_the_way_is_granted_with_it() {
    let t = TestApp::start().await;
    let metadata = json!({ "addon_flags": "hasAudit" });
    t.deliver(&event(&t, "evt_1", "checkout.session.completed", "unpaid", &metadata))
        .await
        .assert_outcome("applied");
    let new =
        "insert into plan_entitlements (plan_code, feature, enabled) values ('enterprise', 'hasAudit', true)";
    t.db.batch_execute(new).await.unwrap();
    t.deliver(&event(&t, "evt_2", "checkout.session.async_payment_succeeded", "paid", &metadata))
        .await
        .assert_outcome("applied");
    assert_eq!(flags(&t).await["hasAudit"], true);
    assert_eq!(t.value("select count(*) from payments where addon_unreadable is not null").await, "0");
}
