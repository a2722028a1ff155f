//! Money that was paid: who is charged, what goes back, what a bank takes back.

use serde_json::{Value, json};

use super::portal::id;
use super::stories::{emulator, status, subscription, types};
use crate::Emulator;

fn get(emulator: &Emulator, path: &str, params: Value) -> Value {
    emulator.call("GET", path, &params).unwrap()
}

/// A session of mode `payment` that a guest paid: 9 dollars.
fn paid_once(emulator: &Emulator, more: Value) -> Value {
    let params = json!({ "currency": "usd", "unit_amount": 900, "product_data": { "name": "Add-on" } });
    let once = emulator.call("POST", "/v1/prices", &params).unwrap();
    let mut params = json!({
        "mode": "payment", "success_url": "http://app/ok",
        "line_items": [{ "price": once["id"], "quantity": 1 }],
    });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let session = emulator.call("POST", "/v1/checkout/sessions", &params).unwrap();
    emulator.pay_checkout_session(&id(&session)).unwrap()
}

fn told_since(emulator: &Emulator, before: usize) -> Vec<String> {
    types(emulator).split_off(before)
}

#[tokio::test]
async fn a_session_of_mode_payment_names_its_intent_and_is_found_by_it() {
    let emulator = emulator().await;
    let data =
        json!({ "payment_intent_data": { "metadata": { "order": "7" } }, "metadata": { "org_id": "1" } });
    let session = paid_once(&emulator, data);
    let intent = get(
        &emulator,
        &format!("/v1/payment_intents/{}", session["payment_intent"].as_str().unwrap()),
        json!({}),
    );
    assert_eq!((&intent["status"], &intent["amount_received"]), (&json!("succeeded"), &json!(900)));
    let charge = emulator.charge_of(&id(&session)).unwrap();
    assert_eq!(charge["id"], intent["latest_charge"]);
    assert_eq!((&charge["paid"], &charge["customer"]), (&json!(true), &Value::Null));
    // The intent's metadata go with the charge, those of the session do not.
    assert_eq!(charge["metadata"], json!({ "order": "7" }));
    let found = get(&emulator, "/v1/checkout/sessions", json!({ "payment_intent": intent["id"] }));
    assert_eq!(found["data"][0]["id"], session["id"]);
    let listed = get(&emulator, "/v1/charges", json!({ "payment_intent": intent["id"] }));
    assert_eq!(listed["data"], json!([charge]));
}

#[tokio::test]
async fn an_invoice_names_its_payments_where_the_version_has_them() {
    let emulator = emulator().await;
    let subscription = subscription(&emulator, json!({}));
    let expand = json!({ "expand": ["latest_invoice.payments.data.payment.payment_intent"] });
    let now = get(&emulator, &format!("/v1/subscriptions/{subscription}"), expand);
    let invoice = &now["latest_invoice"];
    let payment = &invoice["payments"]["data"][0];
    assert_eq!((&payment["status"], &payment["amount_paid"]), (&json!("paid"), &json!(4900)));
    let charge = emulator.charge_of(&subscription).unwrap();
    assert_eq!(payment["payment"]["payment_intent"]["latest_charge"], charge["id"]);
    let query =
        json!({ "payment": { "type": "payment_intent", "payment_intent": charge["payment_intent"] } });
    let found = get(&emulator, "/v1/invoice_payments", query);
    assert_eq!(found["data"][0]["invoice"], invoice["id"]);
    for field in ["charge", "payment_intent", "payments"] {
        assert_eq!(
            get(&emulator, &format!("/v1/invoices/{}", id(invoice)), json!({})).get(field),
            None,
            "{field}"
        );
    }
    let paid = emulator.events().into_iter().rfind(|event| event["type"] == "invoice.paid").unwrap();
    let old = emulator.event_as(&id(&paid), "2024-06-20").unwrap()["data"]["object"].clone();
    assert_eq!((&old["charge"], &old["payment_intent"]), (&charge["id"], &charge["payment_intent"]));
    let charged = emulator.events().into_iter().rfind(|event| event["type"] == "charge.succeeded").unwrap();
    assert_eq!(charged["data"]["object"].get("invoice"), None);
    assert_eq!(
        emulator.event_as(&id(&charged), "2024-06-20").unwrap()["data"]["object"]["invoice"],
        invoice["id"]
    );
}

#[tokio::test]
async fn a_payment_that_fails_and_a_free_one_leave_their_traces() {
    let emulator = emulator().await;
    let id = subscription(&emulator, json!({}));
    let before = types(&emulator).len();
    emulator.renew(&id, false).unwrap();
    let told = told_since(&emulator, before);
    for kind in ["charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"] {
        assert!(told.iter().any(|told| told == kind), "{kind}: {told:?}");
    }
    let failed = emulator.charge_of(&id).unwrap();
    assert_eq!((&failed["status"], &failed["paid"]), (&json!("failed"), &json!(false)));
    assert_eq!(emulator.refund(failed["payment_intent"].as_str().unwrap(), None).unwrap_err().status, 400);
    emulator.pay_open_invoice(&id).unwrap();
    let charges = get(&emulator, "/v1/charges", json!({}))["data"].as_array().unwrap().clone();
    assert_eq!(charges[0]["payment_intent"], failed["payment_intent"], "one intent, two attempts");
    assert_eq!(charges[0]["status"], "succeeded");

    let free = emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    let trial = json!({
        "customer": free["id"], "trial_period_days": 7,
        "items": [{ "price": emulator.subscription(&id).unwrap()["items"]["data"][0]["price"]["id"] }],
    });
    emulator.create_subscription(&trial).unwrap();
    assert_eq!(get(&emulator, "/v1/charges", json!({ "customer": free["id"] }))["data"], json!([]));
}

#[tokio::test]
async fn a_refund_in_parts_ends_with_a_refunded_charge_and_no_more_is_given_back() {
    let emulator = emulator().await;
    let session = paid_once(&emulator, json!({}));
    let intent = session["payment_intent"].as_str().unwrap();
    let before = types(&emulator).len();
    let part = emulator.refund(intent, Some(400)).unwrap();
    let expected = ["charge.refunded", "refund.created", "refund.updated", "charge.refund.updated"];
    assert_eq!(told_since(&emulator, before), expected);
    assert_eq!((&part["status"], &part["amount"]), (&json!("succeeded"), &json!(400)));
    let charge = emulator.charge_of(intent).unwrap();
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(400), &json!(false)));

    let too_much = emulator.refund(intent, Some(501)).unwrap_err();
    assert_eq!(too_much.param.as_deref(), Some("amount"));
    assert!(too_much.message.contains("is greater than unrefunded amount on charge"), "{too_much}");
    emulator.refund(&id(&charge), None).unwrap();
    let event = emulator.events().into_iter().rfind(|event| event["type"] == "charge.refunded").unwrap();
    assert_eq!(event["data"]["object"]["refunded"], true);
    assert_eq!(event["data"]["previous_attributes"], json!({ "amount_refunded": 400, "refunded": false }));
    assert_eq!(emulator.refund(intent, None).unwrap_err().code, Some("charge_already_refunded"));
    let listed = get(&emulator, "/v1/refunds", json!({ "charge": charge["id"] }));
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let whole = get(&emulator, &format!("/v1/charges/{}", id(&charge)), json!({ "expand": ["refunds"] }));
    assert_eq!(whole["refunds"]["data"], listed["data"]);
}

#[tokio::test]
async fn a_refund_that_fails_puts_the_money_back() {
    let emulator = emulator().await;
    let session = paid_once(&emulator, json!({}));
    let refund = emulator.refund(session["payment_intent"].as_str().unwrap(), None).unwrap();
    let before = types(&emulator).len();
    let failed = emulator.settle_refund(&id(&refund), false).unwrap();
    assert_eq!((&failed["status"], failed["failure_reason"].is_string()), (&json!("failed"), true));
    let expected = ["refund.updated", "charge.refund.updated", "refund.failed"];
    assert_eq!(told_since(&emulator, before), expected);
    let charge = emulator.charge_of(&id(&session)).unwrap();
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(0), &json!(false)));
    assert_eq!(emulator.settle_refund(&id(&refund), false).unwrap_err().status, 400);
}

#[tokio::test]
async fn a_delayed_payment_is_on_its_way_until_it_arrives_or_fails() {
    let emulator = emulator().await;
    for (arrives, expected) in [(true, "succeeded"), (false, "requires_payment_method")] {
        let session = paid_once(&emulator, json!({ "payment_method_types": ["sepa_debit"] }));
        let path = format!("/v1/payment_intents/{}", session["payment_intent"].as_str().unwrap());
        assert_eq!(get(&emulator, &path, json!({}))["status"], "processing");
        assert_eq!(
            emulator.refund(session["payment_intent"].as_str().unwrap(), None).unwrap_err().status,
            400
        );
        emulator.settle_checkout_session(&id(&session), arrives).unwrap();
        assert_eq!(get(&emulator, &path, json!({}))["status"], expected);
    }
}

#[tokio::test]
async fn a_dispute_takes_the_money_and_gives_it_back_when_it_is_won() {
    let emulator = emulator().await;
    for (is_won, status, closing) in [
        (true, "won", &["charge.dispute.closed", "charge.dispute.funds_reinstated"][..]),
        (false, "lost", &["charge.dispute.closed"]),
    ] {
        let session = paid_once(&emulator, json!({}));
        let intent = session["payment_intent"].as_str().unwrap();
        let before = types(&emulator).len();
        let dispute = emulator.open_dispute(intent).unwrap();
        let opening = ["charge.dispute.created", "charge.dispute.funds_withdrawn"];
        assert_eq!(told_since(&emulator, before), opening);
        assert_eq!(
            (&dispute["status"], &dispute["payment_intent"]),
            (&json!("needs_response"), &json!(intent))
        );
        assert_eq!(emulator.charge_of(intent).unwrap()["disputed"], true);
        assert_eq!(emulator.refund(intent, None).unwrap_err().code, Some("charge_disputed"));
        assert_eq!(emulator.open_dispute(intent).unwrap_err().status, 400);
        let before = types(&emulator).len();
        let closed = emulator.close_dispute(&id(&dispute), is_won).unwrap();
        assert_eq!(closed["status"], status);
        assert_eq!(told_since(&emulator, before), closing);
        let moved = closed["balance_transactions"].as_array().unwrap();
        let moved: i64 = moved.iter().map(|moved| moved["amount"].as_i64().unwrap()).sum();
        assert_eq!(moved, if is_won { 0 } else { -900 });
        assert_eq!(emulator.close_dispute(&id(&dispute), true).unwrap_err().status, 400);
        let listed = get(&emulator, "/v1/disputes", json!({ "payment_intent": intent }));
        assert_eq!(listed["data"], json!([closed]));
    }
}

#[tokio::test]
async fn an_inquiry_leaves_the_money_until_it_becomes_a_dispute() {
    let emulator = emulator().await;
    for (is_won, status) in [(true, "warning_closed"), (false, "lost")] {
        let session = paid_once(&emulator, json!({}));
        let intent = session["payment_intent"].as_str().unwrap();
        let before = types(&emulator).len();
        let inquiry = emulator.open_inquiry(intent).unwrap();
        assert_eq!(told_since(&emulator, before), ["charge.dispute.created"]);
        assert_eq!(inquiry["is_charge_refundable"], true);
        emulator.refund(intent, Some(100)).unwrap();
        let closed = emulator.close_dispute(&id(&inquiry), is_won).unwrap();
        assert_eq!(closed["status"], status);
        let withdrawn = told_since(&emulator, before).contains(&"charge.dispute.funds_withdrawn".to_owned());
        assert_eq!(withdrawn, !is_won);
    }
}

#[tokio::test]
async fn evidence_decides_a_dispute_as_in_stripes_test_mode() {
    let emulator = emulator().await;
    for (evidence, status) in
        [("winning_evidence", "won"), ("losing_evidence", "lost"), ("a letter", "under_review")]
    {
        let dispute =
            emulator.open_dispute(paid_once(&emulator, json!({}))["payment_intent"].as_str().unwrap());
        let path = format!("/v1/disputes/{}", id(&dispute.unwrap()));
        let params = json!({ "evidence": { "uncategorized_text": evidence } });
        assert_eq!(emulator.call("POST", &path, &params).unwrap()["status"], status);
    }
    let dispute = emulator.open_dispute(paid_once(&emulator, json!({}))["payment_intent"].as_str().unwrap());
    let path = format!("/v1/disputes/{}/close", id(&dispute.unwrap()));
    assert_eq!(emulator.call("POST", &path, &json!({})).unwrap()["status"], "lost");
    let card = json!({ "default_payment_method": "pm_card_createDispute" });
    let subscription = subscription(&emulator, card);
    assert_eq!(emulator.charge_of(&subscription).unwrap()["disputed"], true);
    // A dispute changes nothing about the subscription itself.
    assert_eq!(status(&emulator, &subscription), "active");
    assert_eq!(get(&emulator, "/v1/disputes", json!({}))["data"][0]["status"], "needs_response");
}

#[tokio::test]
async fn the_panel_refunds_and_disputes() {
    let emulator = emulator().await;
    let (first, second) = (paid_once(&emulator, json!({})), paid_once(&emulator, json!({})));
    let charges = [&first, &second].map(|session| emulator.charge_of(&id(session)).unwrap());
    let panel = format!("{}/panel", emulator.url());
    let press = async |act: &str, charge: &Value| {
        let form = [("act", act), ("id", charge["id"].as_str().unwrap())];
        reqwest::Client::new().post(&panel).form(&form).send().await.unwrap().text().await.unwrap()
    };
    assert!(press("refund", &charges[0]).await.contains("Refunded"));
    assert!(press("dispute", &charges[1]).await.contains("Needs response"));
    assert!(press("dispute_lost", &charges[1]).await.contains("Lost"));
    assert!(press("dispute_won", &charges[0]).await.contains("is not disputed"));
    assert_eq!(emulator.charge_of(&id(&first)).unwrap()["refunded"], true);
}
