//! A change in the portal that waits for the end of the period: how it is planned, what becomes of it, what
//! takes its place.

use serde_json::{Value, json};

use super::portal::{Portal, texts};
use crate::wire::versions::render;

const MONTH: i64 = 31 * 86_400;

/// Three seats of `team`, and a portal in which what is cheaper or shorter waits.
async fn team() -> Portal {
    let conditions = json!([{ "type": "decreasing_item_amount" }, { "type": "shortening_interval" }]);
    let update = json!({ "schedule_at_period_end": { "conditions": conditions } });
    let cancel = json!({ "enabled": true, "mode": "at_period_end" });
    let portal = Portal::open(json!({ "subscription_update": update, "subscription_cancel": cancel })).await;
    assert_eq!(portal.send(&texts(&portal.team, "3")).await.0, 303, "what is dearer counts at once");
    assert_eq!(item(&portal), (portal.team["id"].clone(), 3));
    portal
}

/// The same with a change to three of `pro` that waits.
async fn downgraded() -> (Portal, String) {
    let portal = team().await;
    assert_eq!(portal.send(&to(&portal.pro)).await.0, 303);
    let schedule = portal.subscription()["schedule"].as_str().unwrap().to_owned();
    (portal, schedule)
}

/// A form for another price and as many of it.
fn to(price: &Value) -> [(&'static str, &str); 2] {
    [("act", "change"), ("price", price["id"].as_str().unwrap())]
}

fn item(portal: &Portal) -> (Value, i64) {
    let item = portal.subscription()["items"]["data"][0].clone();
    (item["price"]["id"].clone(), item["quantity"].as_i64().unwrap())
}

fn end(portal: &Portal) -> i64 {
    portal.subscription()["items"]["data"][0]["current_period_end"].as_i64().unwrap()
}

fn read(portal: &Portal, schedule: &str) -> Value {
    portal.emulator.call("GET", &format!("/v1/subscription_schedules/{schedule}"), &json!({})).unwrap()
}

/// The types of the events after the first `count`.
fn told(portal: &Portal, count: usize) -> Vec<String> {
    let events = portal.emulator.events();
    events[count..].iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_downgrade_is_planned_and_changes_nothing_yet() {
    let portal = team().await;
    let (before, count, end) = (portal.subscription(), portal.emulator.events().len(), end(&portal));
    let (status, _) = portal.send(&to(&portal.pro)).await;
    assert_eq!(status, 303);
    assert_eq!(told(&portal, count), ["subscription_schedule.created", "customer.subscription.updated"]);
    let events = portal.emulator.events();
    assert_eq!(events.last().unwrap()["data"]["previous_attributes"], json!({ "schedule": null }));
    let mut after = portal.subscription();
    let schedule = after["schedule"].take();
    assert_eq!(after, before);

    let schedule = read(&portal, schedule.as_str().unwrap());
    assert_eq!((&schedule["status"], &schedule["end_behavior"]), (&json!("active"), &json!("release")));
    assert_eq!(schedule["subscription"], portal.subscription);
    let phases = schedule["phases"].as_array().unwrap();
    let planned = |phase: &Value| (phase["items"][0]["price"].clone(), phase["items"][0]["quantity"].clone());
    assert_eq!(planned(&phases[0]), (portal.team["id"].clone(), json!(3)));
    assert_eq!(planned(&phases[1]), (portal.pro["id"].clone(), json!(3)));
    assert_eq!((&phases[0]["end_date"], &phases[1]["start_date"]), (&json!(end), &json!(end)));
    assert_eq!(schedule["current_phase"]["end_date"], end);
    let page = portal.page().await;
    assert!(
        page.contains("Your plan will change to 3 × pro on ") && page.contains("Keep current plan"),
        "{page}"
    );
}

#[tokio::test]
async fn the_planned_change_begins_with_the_period_and_the_schedule_completes_with_it() {
    let (portal, schedule) = downgraded().await;
    let (count, start) = (portal.emulator.events().len(), end(&portal));
    portal.emulator.advance(start - portal.emulator.now() - 1);
    assert_eq!((item(&portal).0, told(&portal, count).len()), (portal.team["id"].clone(), 0));
    portal.emulator.advance(1);
    assert_eq!(item(&portal), (portal.pro["id"].clone(), 3));
    assert_eq!(
        told(&portal, count),
        [
            "subscription_schedule.updated",
            "customer.subscription.updated",
            "invoice.created",
            "payment_intent.created",
            "invoice.finalized",
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice_payment.paid",
            "invoice.paid",
            "invoice.payment_succeeded",
        ]
    );
    let update = &portal.emulator.events()[count + 1];
    assert_eq!(update["created"], start);
    let previous = &update["data"]["previous_attributes"]["items"]["data"][0];
    assert_eq!(
        (&previous["price"]["id"], &previous["current_period_end"]),
        (&portal.team["id"], &json!(start))
    );
    let invoices = portal.emulator.call("GET", "/v1/invoices", &json!({})).unwrap();
    assert_eq!(invoices["data"][0]["amount_paid"], 3 * 4900);
    assert_eq!(read(&portal, &schedule)["current_phase"]["start_date"], start);
    assert!(!portal.page().await.contains("will change"));

    portal.emulator.advance(MONTH);
    let schedule = read(&portal, &schedule);
    assert_eq!((&schedule["status"], &schedule["current_phase"]), (&json!("completed"), &Value::Null));
    assert_eq!(portal.subscription()["schedule"], Value::Null);
    assert_eq!(item(&portal), (portal.pro["id"].clone(), 3));
    assert!(told(&portal, count).contains(&"subscription_schedule.completed".to_owned()));
}

#[tokio::test]
async fn a_second_downgrade_takes_the_place_of_the_first() {
    let (portal, schedule) = downgraded().await;
    let count = portal.emulator.events().len();
    portal.send(&texts(&portal.team, "2")).await;
    assert_eq!(told(&portal, count), ["subscription_schedule.updated"]);
    assert_eq!(portal.subscription()["schedule"], schedule);
    assert!(portal.page().await.contains("Your plan will change to 2 × team on "));
    portal.send(&texts(&portal.team, "2")).await;
    assert_eq!(told(&portal, count).len(), 1, "the same again is no news");
    portal.emulator.renew(&portal.subscription, true).unwrap();
    assert_eq!(item(&portal), (portal.team["id"].clone(), 2));
    // In its second phase it can be planned anew.
    portal.send(&to(&portal.pro)).await;
    assert_eq!(read(&portal, &schedule)["phases"].as_array().unwrap().len(), 3);
    portal.emulator.renew(&portal.subscription, true).unwrap();
    assert_eq!(item(&portal), (portal.pro["id"].clone(), 2));
}

#[tokio::test]
async fn who_keeps_the_plan_or_chooses_another_at_once_is_released() {
    let keep = [("act", "keep")];
    let (kept, schedule) = downgraded().await;
    let count = kept.emulator.events().len();
    assert_eq!(kept.send(&keep).await.0, 303);
    assert_eq!(told(&kept, count), ["subscription_schedule.released", "customer.subscription.updated"]);
    let released = read(&kept, &schedule);
    assert_eq!((&released["status"], &released["subscription"]), (&json!("released"), &Value::Null));
    assert_eq!(released["released_subscription"], kept.subscription);
    assert_eq!(released["released_at"], kept.emulator.events()[count]["created"]);
    kept.assert_refused(&keep).await;
    kept.emulator.renew(&kept.subscription, true).unwrap();
    assert_eq!(item(&kept), (kept.team["id"].clone(), 3));

    let (upgraded, schedule) = downgraded().await;
    upgraded.send(&texts(&upgraded.team, "5")).await;
    assert_eq!(item(&upgraded), (upgraded.team["id"].clone(), 5));
    assert_eq!(read(&upgraded, &schedule)["status"], "released");

    let (canceled, schedule) = downgraded().await;
    assert_eq!(canceled.send(&[("act", "cancel_at_period_end")]).await.0, 303);
    assert_eq!(read(&canceled, &schedule)["status"], "released");
    assert_eq!(canceled.subscription()["cancel_at_period_end"], true);
    // What is to end is changed after it was resumed.
    assert!(!canceled.page().await.contains("Change plan"));
    canceled.assert_refused(&to(&canceled.pro)).await;
}

#[tokio::test]
async fn a_schedule_ends_with_its_subscription() {
    let (canceled, schedule) = downgraded().await;
    let count = canceled.emulator.events().len();
    canceled.emulator.cancel_now(&canceled.subscription).unwrap();
    assert_eq!(told(&canceled, count), ["subscription_schedule.canceled", "customer.subscription.deleted"]);
    assert_eq!(read(&canceled, &schedule)["status"], "canceled");

    let (unpaid, schedule) = downgraded().await;
    unpaid.emulator.set_card(&unpaid.subscription, false).unwrap();
    unpaid.emulator.advance(2 * MONTH);
    assert_eq!(unpaid.subscription()["status"], "canceled");
    assert_eq!(read(&unpaid, &schedule)["status"], "canceled");
    assert!(told(&unpaid, 0).contains(&"subscription_schedule.aborted".to_owned()));
}

#[tokio::test]
async fn a_shorter_interval_waits_even_if_it_is_dearer() {
    let portal = team().await;
    let year = json!({
        "product": portal.pro["product"], "currency": "usd", "unit_amount": 10_000,
        "recurring": { "interval": "year" },
    });
    let year = portal.emulator.call("POST", "/v1/prices", &year).unwrap();
    let seats = json!({ "enabled": true, "maximum": 5 });
    let products = json!([
        { "product": portal.pro["product"], "prices": [year["id"]] },
        { "product": portal.team["product"], "prices": [portal.team["id"]], "adjustable_quantity": seats },
    ]);
    let path = format!("/v1/billing_portal/configurations/{}", portal.configuration);
    let features = json!({ "features": { "subscription_update": { "products": products } } });
    portal.emulator.call("POST", &path, &features).unwrap();
    portal.send(&to(&year)).await;
    assert_eq!(item(&portal), (year["id"].clone(), 3));
    let start = end(&portal);
    portal.send(&texts(&portal.team, "5")).await;
    assert_eq!(item(&portal), (year["id"].clone(), 3));
    portal.emulator.renew(&portal.subscription, true).unwrap();
    assert_eq!(item(&portal), (portal.team["id"].clone(), 5));
    assert!((28 * 86_400..=MONTH).contains(&(end(&portal) - start)), "a month from then on");
}

#[tokio::test]
async fn the_api_lists_and_releases_a_schedule_and_leaves_the_end_of_its_subscription_to_it() {
    let (portal, schedule) = downgraded().await;
    let call = |method: &str, path: &str, params: Value| portal.emulator.call(method, path, &params);
    let listed = |customer: &Value| {
        let found = call("GET", "/v1/subscription_schedules", json!({ "customer": customer })).unwrap();
        found["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&portal.subscription()["customer"]), [json!(schedule)]);
    assert!(listed(&json!("cus_none")).is_empty());
    let path = format!("/v1/subscriptions/{}", portal.subscription);
    for end in [json!({ "cancel_at_period_end": true }), json!({ "cancel_at": 2_000_000_000 })] {
        let refused = call("POST", &path, end).unwrap_err();
        assert!(
            refused.message.contains(&format!("managed by the subscription schedule `{schedule}`")),
            "{refused}"
        );
    }
    let release = format!("/v1/subscription_schedules/{schedule}/release");
    assert_eq!(call("POST", &release, json!({})).unwrap()["status"], "released");
    assert_eq!(portal.subscription()["schedule"], Value::Null);
    let again = call("POST", &release, json!({})).unwrap_err();
    assert!(again.message.contains("currently in the `released` status"), "{again}");
    let missing = call("GET", "/v1/subscription_schedules/sub_sched_none", json!({})).unwrap_err();
    assert_eq!((missing.status, missing.code), (404, Some("resource_missing")));
}

#[tokio::test]
async fn an_older_version_shows_what_it_knew() {
    let (portal, schedule) = downgraded().await;
    let newest = read(&portal, &schedule);
    let old = render(&newest, "2024-06-20");
    assert_eq!((newest.get("pause_schedules"), old.get("pause_schedules")), (Some(&json!([])), None));
    assert_eq!(old.get("billing_mode"), None);
    let coupon = |schedule: &Value| schedule["phases"][1].get("coupon").cloned();
    assert_eq!((coupon(&newest), coupon(&old)), (None, Some(Value::Null)));
    assert_eq!(old["phases"][1]["items"], newest["phases"][1]["items"]);
}
