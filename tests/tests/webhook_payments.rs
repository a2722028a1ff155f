//! POST /api/webhooks/stripe: one-time payments, and the add-ons they grant.

use serde_json::{Value, json};
use tests::{TestApp, users};

fn event(t: &TestApp, id: &str, kind: &str, status: &str, more: &Value) -> Value {
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

async fn flags(t: &TestApp) -> Value {
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
