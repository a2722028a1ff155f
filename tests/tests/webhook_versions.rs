//! POST /api/webhooks/stripe: every API version, and events that are odd.

use serde_json::{Value, json};
use tests::{TestApp, users};

const START: i64 = 1_790_000_000;
const END: i64 = 1_792_592_000;

/// A subscription in the shape of some API version: `shape` puts the rest onto what all versions have.
fn subscription(org: &str, shape: Value) -> Value {
    let mut object = json!({
        "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active", "created": START,
        "livemode": false,
        "metadata": { "org_id": org }
    });
    object.as_object_mut().unwrap().extend(shape.as_object().unwrap().clone());
    object
}

fn event(id: &str, kind: &str, version: &str, object: &Value) -> Value {
    json!({ "id": id, "object": "event", "type": kind, "api_version": version, "created": START + 10,
        "livemode": false,
        "data": { "object": object }, "pending_webhooks": 1, "request": null })
}

#[tokio::test]
async fn a_subscription_reads_the_same_in_every_api_version() {
    let metadata = json!({ "plan_code": "enterprise" });
    let plan = json!({ "id": "ent_monthly", "object": "plan", "amount": 29900, "interval": "month",
        "metadata": metadata });
    let price = json!({ "id": "price_1", "object": "price", "lookup_key": "promptforge_enterprise_month",
        "metadata": {}, "recurring": { "interval": "month" } });
    let period = json!({ "current_period_start": START, "current_period_end": END });
    let with = |mut object: Value, more: &Value| {
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object
    };
    let items =
        |item: Value| json!({ "object": "list", "data": [item], "has_more": false, "total_count": 1 });
    for (version, shape) in [
        // One plan on the subscription itself, no items.
        ("2014-11-05", with(json!({ "plan": plan, "quantity": 3, "cancel_at_period_end": false }), &period)),
        (
            "2016-07-06",
            with(
                json!({ "plan": plan, "quantity": 3,
                    "items": items(json!({ "id": "si_1", "plan": plan, "quantity": 3 })) }),
                &period,
            ),
        ),
        // Of the same years, as written down in other people's tests: no created, no livemode, an empty list
        // for no metadata.
        (
            "2013-08-13",
            with(
                json!({ "created": null, "livemode": null, "start": START, "quantity": 3,
                    "pause_collection": null,
                    "plan": { "id": "ent", "object": "plan", "interval": "month",
                        "metadata": { "plan_code": "enterprise" } }, "items": { "data": [] } }),
                &period,
            ),
        ),
        // Several plans: null on the subscription.
        (
            "2018-02-28",
            with(
                json!({ "plan": null, "quantity": null,
                    "items": items(json!({ "id": "si_1", "plan": plan, "quantity": 3 })) }),
                &period,
            ),
        ),
        (
            "2019-12-03",
            with(
                json!({ "items": items(json!({ "id": "si_1", "plan": plan, "quantity": 3 })),
                    "pause_collection": null, "cancel_at": null }),
                &period,
            ),
        ),
        (
            "2020-08-27",
            with(
                json!({ "items": items(json!({ "id": "si_1", "plan": plan, "price": price,
                    "quantity": 3 })) }),
                &period,
            ),
        ),
        (
            "2022-11-15",
            with(
                json!({ "items": items(json!({ "id": "si_1", "price": price, "quantity": 3 })),
                    "trial_end": null }),
                &period,
            ),
        ),
        (
            "2024-06-20",
            with(json!({ "items": items(json!({ "id": "si_1", "price": price, "quantity": 3 })) }), &period),
        ),
        // The period moves to the items; null where it was is what some send.
        (
            "2025-03-31.basil",
            json!({ "items": items(with(json!({ "id": "si_1", "price": price, "quantity": 3 }), &period)) }),
        ),
        (
            "2026-10-28.endive",
            json!({ "current_period_end": null,
                "items": items(with(json!({ "id": "si_1", "price": price, "quantity": 3 }), &period)),
                "billing_mode": { "type": "flexible" } }),
        ),
    ] {
        let t = TestApp::start().await;
        let object = subscription(&t.org, shape);
        t.deliver(&event("evt_1", "customer.subscription.updated", version, &object))
            .await
            .assert_outcome("applied");
        let row = "select concat_ws(' ', status, plan_code, billing_interval, quantity,
              extract(epoch from current_period_start)::bigint,
              extract(epoch from current_period_end)::bigint) from subscriptions";
        assert_eq!(t.value(row).await, format!("active enterprise month 3 {START} {END}"), "{version}");
        let answer = t.entitlements(users::OWNER, &t.org).await;
        assert_eq!(
            (answer.text("/planCode"), &answer.body["seats"]),
            ("enterprise", &json!(15)),
            "{version}"
        );
    }
}

#[tokio::test]
async fn an_invoice_names_its_subscription_in_every_place_it_ever_stood() {
    let details = |org: &str| json!({ "metadata": { "org_id": org } });
    for place in ["id", "expanded", "parent", "parent_and_null", "parent_expanded", "lines"] {
        let t = TestApp::start().await;
        let bought = t.checkout_plan("pro", "month").await;
        t.stripe.pay_checkout_session(bought.text("/sessionId")).unwrap();
        let subscription = t.stripe.subscription_ids().pop().unwrap();
        t.db.batch_execute("delete from customers").await.unwrap();
        let org = t.org.as_str();
        let object = match place {
            "id" => {
                json!({ "id": "in_1", "subscription": subscription, "subscription_details": details(org) })
            }
            "expanded" => {
                json!({ "id": "in_1", "subscription": { "id": subscription, "object": "subscription" },
                    "subscription_details": details(org) })
            }
            "parent" => {
                json!({ "id": "in_1",
                    "parent": { "type": "subscription_details",
                        "subscription_details": { "subscription": subscription,
                            "metadata": { "org_id": org } } } })
            }
            "parent_and_null" => {
                json!({ "id": "in_1", "subscription": null,
                    "parent": { "subscription_details": { "subscription": subscription,
                        "metadata": { "org_id": org } } } })
            }
            "parent_expanded" => {
                json!({ "parent": { "subscription_details": { "subscription": { "id": subscription },
                    "metadata": { "org_id": org } } } })
            }
            _ => {
                json!({ "id": "in_1", "subscription": subscription,
                    "lines": { "data": [{ "metadata": {} }, { "metadata": { "org_id": org } }] } })
            }
        };
        t.deliver(&event("evt_1", "invoice.payment_succeeded", "2019-12-03", &object))
            .await
            .assert_outcome("applied");
        assert_eq!(
            t.value("select concat_ws(' ', status, plan_code) from subscriptions").await,
            "active pro",
            "{place}"
        );
    }
}

#[tokio::test]
async fn expanded_customers_deleted_ones_and_requests_of_either_form_are_read() {
    let t = TestApp::start().await;
    let customers = [
        json!("cus_1"),
        json!({ "id": "cus_1", "object": "customer", "email": "a@b.example" }),
        json!({ "id": "cus_1", "object": "customer", "deleted": true }),
    ];
    let requests = [json!("req_1"), json!({ "id": "req_1", "idempotency_key": null }), Value::Null];
    for (index, (customer, request)) in customers.into_iter().zip(requests).enumerate() {
        let object = subscription(&t.org, json!({ "customer": customer }));
        let mut event =
            event(&format!("evt_{index}"), "customer.subscription.updated", "2020-08-27", &object);
        event["request"] = request;
        event["created"] = json!(START + 10 * (index as i64 + 1));
        t.deliver(&event).await.assert_outcome("applied");
    }
    assert_eq!(t.value("select string_agg(stripe_customer_id, ',') from customers").await, "cus_1");
}

#[tokio::test]
async fn what_a_subscription_lacks_or_brings_beyond_our_knowledge_does_no_harm() {
    let t = TestApp::start().await;
    for (index, shape) in [
        json!({ "items": null, "cancel_at_period_end": null, "livemode": false }),
        json!({ "items": { "data": [{ "price": "price_unexpanded", "plan": null }] }, "start_date": START }),
        json!({ "items": {
            "data": [{ "price": { "id": "p", "metadata": [] }, "plan": { "id": "p", "metadata": [] } }] } }),
        json!({ "items": { "data": [] }, "pause_collection": {} }),
        json!({ "items": { "data": [{ "quantity": null, "price": null }] } }),
        json!({ "items": {
            "data": [{ "quantity": 0,
                "price": { "id": "price_x", "metadata": null, "recurring": null } }] } }),
        json!({ "status": "of_the_future", "a_field_of_the_future": { "deep": [1, 2, { "er": null }] },
            "pause_collection": { "behavior": "of_the_future" } }),
    ]
    .into_iter()
    .enumerate()
    {
        let mut event = event(
            &format!("evt_{index}"),
            "customer.subscription.updated",
            "2030-01-01.future",
            &subscription(&t.org, shape),
        );
        event["created"] = json!(START + 10 * (index as i64 + 1));
        t.deliver(&event).await.assert_outcome("applied");
    }
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pilot");
    let mut list_for_map = event(
        "evt_list",
        "invoice.paid",
        "2019-12-03",
        &json!({ "id": "in_1", "customer": "cus_1", "subscription": "sub_1", "metadata": [],
            "lines": { "data": [{ "metadata": [] }] } }),
    );
    list_for_map["created"] = json!(START);
    t.deliver(&list_for_map).await.assert_outcome("stale");
}

#[tokio::test]
async fn thin_and_odd_events_are_ignored_cleanly() {
    let t = TestApp::start().await;
    for body in [
        json!({ "id": "evt_1", "type": "invoice.upcoming", "created": START, "livemode": false,
            "data": { "object": { "object": "invoice", "subscription": "sub_1" } } }),
        json!({ "id": "evt_2", "type": "v1.billing.meter.error_report_triggered", "object": "v2.core.event",
            "created": START, "livemode": false }),
        json!({ "id": "evt_3", "type": "charge.captured", "created": START, "livemode": false,
            "data": { "object": { "id": "ch_1", "refunded": true } } }),
        json!({ "id": "evt_4", "type": "invoice.paid", "created": START, "livemode": false,
            "data": { "object": { "id": "in_1", "customer": "cus_1", "subscription": null, "parent": null,
                "billing_reason": "manual" } } }),
        json!({ "id": "evt_5", "type": "invoice.paid", "created": START, "livemode": false,
            "data": { "object": { "id": "in_1",
                "parent": { "type": "quote_details", "quote_details": { "quote": "qt_1" },
                    "subscription_details": null } } } }),
        json!({ "id": "evt_6", "type": "checkout.session.completed", "created": START, "livemode": false,
            "data": { "object": { "id": "cs_1", "mode": "subscription", "subscription": null } } }),
        json!({ "id": "evt_7", "type": "invoice.paid", "created": START,
            "data": { "object": { "id": "in_1" }, "previous_attributes": null }, "account": "acct_1" }),
    ] {
        t.deliver(&body).await.assert_outcome("ignored");
    }
    assert_eq!(t.value("select count(*) from webhook_events").await, "0");
}

#[tokio::test]
async fn a_subscription_that_stripe_does_not_know_any_more_is_taken_from_its_events() {
    let t = TestApp::start().await;
    let known = |status: &str| {
        subscription(
            &t.org,
            json!({ "status": status,
                "items": { "data": [{ "price": { "id": "p", "lookup_key": "promptforge_pro_month" },
                    "quantity": 1 }] } }),
        )
    };
    t.deliver(&event("evt_1", "customer.subscription.created", "2020-08-27", &known("incomplete")))
        .await
        .assert_outcome("applied");
    // The same second: only Stripe could tell the order, and it has forgotten the subscription.
    t.deliver(&event("evt_2", "customer.subscription.updated", "2020-08-27", &known("active")))
        .await
        .assert_outcome("applied");
    t.deliver(&event(
        "evt_3",
        "invoice.paid",
        "2020-08-27",
        &json!({ "customer": "cus_1", "subscription": "sub_1" }),
    ))
    .await
    .assert_outcome("ignored");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
}
