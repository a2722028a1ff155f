//! What is still there when an emulator starts on the file of an earlier one.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::stories::{Inbox, price};
use crate::{Emulator, Options};

/// A state file of one test, removed with it.
struct Kept(PathBuf);

impl Kept {
    fn new(name: &str) -> Kept {
        let path = std::env::temp_dir().join(format!("emulator-{name}-{}.json", std::process::id()));
        let _ = fs::remove_file(&path);
        Kept(path)
    }

    async fn start(&self) -> std::io::Result<Emulator> {
        let state_file = Some(self.0.clone());
        let retry_delays = vec![Duration::from_secs(60)];
        Emulator::start(Options { retry_delays, state_file, ..Options::default() }).await
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

fn open_session(emulator: &Emulator, price: &Value) -> Value {
    let params = json!({
        "mode": "subscription", "success_url": "http://app/ok",
        "line_items": [{ "price": price["id"], "quantity": 1 }],
    });
    emulator.call("POST", "/v1/checkout/sessions", &params).unwrap()
}

fn get(emulator: &Emulator, path: &str) -> Value {
    emulator.call("GET", path, &json!({})).unwrap()
}

fn listen(emulator: &Emulator, url: &str) {
    let params = json!({ "url": url, "enabled_events": ["checkout.session.completed"] });
    emulator.call("POST", "/v1/webhook_endpoints", &params).unwrap();
}

#[tokio::test]
async fn what_was_bought_is_still_there_after_a_restart() {
    let kept = Kept::new("bought");
    let first = kept.start().await.unwrap();
    first.advance(1_000_000);
    let price = price(&first, "pro", 4900);
    let paid = first.pay_checkout_session(id(&open_session(&first, &price))).unwrap();
    let open = open_session(&first, &price);
    let portal = first.call("POST", "/v1/billing_portal/sessions", &json!({ "customer": paid["customer"] }));
    let (now, events, subscriptions) = (first.now(), first.events(), first.subscriptions());
    first.stop().await;

    let second = kept.start().await.unwrap();
    assert!((0..60).contains(&(second.now() - now)));
    assert_eq!(second.events(), events);
    assert_eq!(second.subscriptions(), subscriptions);
    assert_eq!(get(&second, &format!("/v1/checkout/sessions/{}", id(&paid))), paid);
    let customer = paid["customer"].as_str().unwrap();
    assert_eq!(get(&second, &format!("/v1/customers/{customer}"))["id"], customer);
    let url = get(&second, &format!("/v1/checkout/sessions/{}", id(&open)))["url"].clone();
    assert_eq!(url, format!("{}/c/pay/{}", second.url(), id(&open)));
    assert_eq!(reqwest::get(url.as_str().unwrap()).await.unwrap().status(), 200);
    let page = format!("{}/p/session/{}", second.url(), id(&portal.unwrap()));
    assert_eq!(reqwest::get(page).await.unwrap().status(), 200);

    let again = second.pay_checkout_session(id(&open)).unwrap();
    assert_ne!(again["subscription"], paid["subscription"]);
    assert_eq!(second.subscriptions().len(), 2);
    let mut numbers: Vec<Value> = get(&second, "/v1/invoices")["data"].as_array().unwrap().clone();
    numbers.iter_mut().for_each(|invoice| *invoice = invoice["number"].clone());
    assert_eq!(numbers, ["LOCAL-0002", "LOCAL-0001"]);
    second.stop().await;
}

#[tokio::test]
async fn a_change_that_waits_is_carried_out_after_a_restart() {
    let kept = Kept::new("waits");
    let first = kept.start().await.unwrap();
    let [pro, team] = [("pro", 4900), ("team", 9900)].map(|(key, amount)| price(&first, key, amount));
    let bought = first.pay_checkout_session(id(&open_session(&first, &team))).unwrap();
    let subscription = bought["subscription"].as_str().unwrap();
    first.schedule_change(subscription, Some(id(&pro)), None).unwrap();
    let planned = get(&first, "/v1/subscription_schedules")["data"].clone();
    first.stop().await;

    let second = kept.start().await.unwrap();
    assert_eq!(get(&second, "/v1/subscription_schedules")["data"], planned);
    second.advance(31 * 86_400);
    let now = second.subscription(subscription).unwrap();
    assert_eq!((&now["schedule"], &now["items"]["data"][0]["price"]["id"]), (&planned[0]["id"], &pro["id"]));
    second.stop().await;
}

#[tokio::test]
async fn an_event_that_was_not_delivered_arrives_after_a_restart_and_a_delivered_one_does_not() {
    let kept = Kept::new("undelivered");
    let first = kept.start().await.unwrap();
    let (inbox, url) = Inbox::open(0).await;
    listen(&first, &url);
    let price = price(&first, "pro", 4900);
    first.pay_checkout_session(id(&open_session(&first, &price))).unwrap();
    let delivered = inbox.wait_for(1).await.remove(0);
    // The answer, too, has to be back before the end.
    while first.events().last().unwrap()["pending_webhooks"] != 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    first.hold();
    first.pay_checkout_session(id(&open_session(&first, &price))).unwrap();
    let held = first.events().pop().unwrap();
    first.stop().await;

    // This run registers no endpoint: the event is owed all the same.
    kept.start().await.unwrap().stop().await;

    let third = kept.start().await.unwrap();
    assert_eq!(get(&third, "/v1/webhook_endpoints")["data"], json!([]));
    let (inbox, url) = Inbox::open(0).await;
    listen(&third, &url);
    let newest = third.pay_checkout_session(id(&open_session(&third, &price))).unwrap();
    let mut arrived = inbox.wait_for(2).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(inbox.wait_for(0).await.len(), 2);
    // They belong to different customers, so either may come first.
    arrived.sort_by_key(|event| event["id"] != held["id"]);
    assert_eq!((&arrived[0]["id"], &arrived[1]["data"]["object"]["id"]), (&held["id"], &newest["id"]));
    assert_ne!(arrived[0]["id"], delivered["id"]);
    third.stop().await;
}

#[tokio::test]
async fn a_change_is_in_the_file_after_a_quiet_second_and_for_us_alone() {
    let kept = Kept::new("soon");
    let emulator = kept.start().await.unwrap();
    let customer = emulator.call("POST", "/v1/customers", &json!({})).unwrap();
    let is_kept = || fs::read_to_string(&kept.0).unwrap().contains(id(&customer));
    assert!(!is_kept());
    while !is_kept() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(fs::metadata(&kept.0).unwrap().permissions().mode() & 0o777, 0o600);
    emulator.stop().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_and_left_alone() {
    let kept = Kept::new("unreadable");
    for content in
        ["", "{\"version\":1", "[]", "{\"version\":99}", "{\"version\":1,\"objects\":{\"boat\":[]}}"]
    {
        fs::write(&kept.0, content).unwrap();
        let error = kept.start().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(error.to_string().contains(kept.0.to_str().unwrap()), "{error}");
        assert_eq!(fs::read_to_string(&kept.0).unwrap(), content);
    }
}
