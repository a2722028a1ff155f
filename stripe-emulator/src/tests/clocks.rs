//! Test clocks: what happens on one is told at its time, and who asks for all subscriptions is not shown it.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::portal::id;
use super::stories::{emulator, price, types};
use crate::Emulator;

const DAY: i64 = 86_400;
const START: i64 = 1_700_000_000;

/// A clock long ago, and a customer on it.
fn on_clock(emulator: &Emulator) -> (String, String) {
    let call = |path: &str, params: Value| emulator.call("POST", path, &params).unwrap();
    let clock = id(&call("/v1/test_helpers/test_clocks", json!({ "frozen_time": START })));
    let customer = id(&call("/v1/customers", json!({ "test_clock": clock, "email": "a@b.c" })));
    (clock, customer)
}

fn advance(emulator: &Emulator, clock: &str, to: i64) -> Value {
    let path = format!("/v1/test_helpers/test_clocks/{clock}/advance");
    emulator.call("POST", &path, &json!({ "frozen_time": to })).unwrap()
}

#[tokio::test]
async fn whoever_asks_hears_how_far_time_is_ahead_before_an_event_of_then_is_sent() {
    let emulator = emulator().await;
    emulator.advance(DAY);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    emulator.on_time(move |ahead| kept.lock().unwrap().push(ahead));
    emulator.advance(3 * DAY);
    emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    assert_eq!(*heard.lock().unwrap(), [DAY, 4 * DAY], "what stays as it was is not told again");
}

#[tokio::test]
async fn a_clock_tells_that_it_advances_and_is_ready_around_what_becomes_due() {
    let emulator = emulator().await;
    let (clock, customer) = on_clock(&emulator);
    let pro = price(&emulator, "pro", 4900);
    emulator
        .create_subscription(&json!({ "customer": customer, "items": [{ "price": pro["id"] }] }))
        .unwrap();
    let before = emulator.events().len();
    let answer = advance(&emulator, &clock, START + 32 * DAY);
    assert_eq!((&answer["status"], &answer["frozen_time"]), (&json!("advancing"), &json!(START)));
    let told = emulator.events().split_off(before);
    let (first, last) = (&told[0], told.last().unwrap());
    assert_eq!(first["type"], "test_helpers.test_clock.advancing");
    let target = &first["data"]["object"]["status_details"]["advancing"]["target_frozen_time"];
    assert_eq!(*target, START + 32 * DAY);
    assert_eq!(last["type"], "test_helpers.test_clock.ready");
    assert_eq!(last["data"]["object"]["frozen_time"], START + 32 * DAY);
    assert!(told.iter().any(|event| event["type"] == "invoice.paid"));
}

#[tokio::test]
async fn whatever_happens_on_a_clock_is_told_at_its_time() {
    let emulator = emulator().await;
    let (clock, customer) = on_clock(&emulator);
    let pro = price(&emulator, "pro", 4900);
    let call = |path: &str, params: Value| emulator.call("POST", path, &params).unwrap();
    let session = call(
        "/v1/checkout/sessions",
        json!({
            "mode": "subscription", "customer": customer, "success_url": "http://app/ok",
            "line_items": [{ "price": pro["id"], "quantity": 1 }],
        }),
    );
    let paid = emulator.pay_checkout_session(&id(&session)).unwrap();
    let subscription = paid["subscription"].as_str().unwrap();
    advance(&emulator, &clock, START + DAY);
    emulator.refund(&id(&emulator.charge_of(subscription).unwrap()), Some(100)).unwrap();
    let second = emulator.renew(subscription, false).unwrap();
    call(
        &format!("/v1/invoices/{}/pay", second["latest_invoice"].as_str().unwrap()),
        json!({ "payment_method": "pm_card_visa" }),
    );
    let dispute = emulator.open_dispute(&id(&emulator.charge_of(subscription).unwrap())).unwrap();
    emulator.close_dispute(&id(&dispute), true).unwrap();
    call(&format!("/v1/customers/{customer}"), json!({ "name": "Ada" }));
    emulator.call("DELETE", &format!("/v1/customers/{customer}"), &json!({})).unwrap();
    let elsewhere = ["product.", "price.", "test_helpers."];
    for event in emulator.events() {
        let kind = event["type"].as_str().unwrap();
        let created = event["created"].as_i64().unwrap();
        let is_on_clock = (START..=START + DAY).contains(&created);
        assert_eq!(is_on_clock, !elsewhere.iter().any(|prefix| kind.starts_with(prefix)), "{kind} {created}");
    }
    for kind in
        ["charge.refunded", "charge.dispute.closed", "customer.deleted", "customer.subscription.deleted"]
    {
        assert!(types(&emulator).contains(&kind.to_owned()), "{kind}");
    }
}

#[tokio::test]
async fn a_list_of_all_subscriptions_leaves_those_of_clocks_out() {
    let emulator = emulator().await;
    let (clock, customer) = on_clock(&emulator);
    let pro = price(&emulator, "pro", 4900);
    let bought = json!({ "customer": customer, "items": [{ "price": pro["id"] }] });
    let subscription = emulator.create_subscription(&bought).unwrap();
    let list = |params: Value| {
        let found = emulator.call("GET", "/v1/subscriptions", &params).unwrap();
        found["data"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(list(json!({ "status": "all" })), Vec::<String>::new());
    for named in [json!({ "customer": customer }), json!({ "test_clock": clock })] {
        assert_eq!(list(named), [id(&subscription)]);
    }
}

#[tokio::test]
async fn the_customer_is_expanded_in_reads_and_lists_of_subscriptions_even_if_it_is_deleted() {
    let emulator = emulator().await;
    let customer = emulator.call("POST", "/v1/customers", &json!({ "metadata": { "org_id": "7" } })).unwrap();
    let pro = price(&emulator, "pro", 4900);
    let bought = json!({ "customer": customer["id"], "items": [{ "price": pro["id"] }] });
    let subscription = emulator.create_subscription(&bought).unwrap();
    let http = reqwest::Client::new();
    let get = async |path: String| -> Value {
        let url = format!("{}{path}", emulator.url());
        let answer = http.get(url).bearer_auth(emulator.secret_key()).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    };
    let read = get(format!("/v1/subscriptions/{}?expand[]=customer", id(&subscription))).await;
    assert_eq!(read["customer"]["metadata"]["org_id"], "7");
    let list = get("/v1/subscriptions?status=all&expand[]=data.customer".to_owned()).await;
    assert_eq!(list["data"][0]["customer"]["id"], customer["id"]);
    emulator.call("DELETE", &format!("/v1/customers/{}", id(&customer)), &json!({})).unwrap();
    let list = get("/v1/subscriptions?status=all&expand[]=data.customer".to_owned()).await;
    let expected = json!({ "id": customer["id"], "object": "customer", "deleted": true });
    assert_eq!(list["data"][0]["customer"], expected);
}

#[tokio::test]
async fn a_trial_without_a_card_ends_as_its_settings_say() {
    let emulator = emulator().await;
    emulator.set_now(1_790_000_000);
    let pro = price(&emulator, "pro", 4900);
    for (behavior, expected) in [("pause", "paused"), ("cancel", "canceled"), ("create_invoice", "past_due")]
    {
        let params = json!({
            "mode": "subscription", "success_url": "http://app/ok",
            "payment_method_collection": "if_required",
            "line_items": [{ "price": pro["id"], "quantity": 1 }],
            "subscription_data": {
                "trial_period_days": 7,
                "trial_settings": { "end_behavior": { "missing_payment_method": behavior } },
            },
        });
        let ids = [(); 2].map(|()| {
            let session = emulator.call("POST", "/v1/checkout/sessions", &params).unwrap();
            let paid = emulator.pay_checkout_session(&id(&session)).unwrap();
            paid["subscription"].as_str().unwrap().to_owned()
        });
        emulator.set_card(&ids[1], true).unwrap();
        emulator.advance(8 * DAY);
        let status = |id: &str| emulator.subscription(id).unwrap()["status"].clone();
        assert_eq!((status(&ids[0]), status(&ids[1])), (json!(expected), json!("active")), "{behavior}");
    }
}
