//! What is taken off a subscription's price: what is shown is what is charged.

use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::{TestApp, users};

/// Twenty percent off for three months, for friends.
fn friends(t: &TestApp) -> String {
    coupon(
        t,
        json!({ "name": "Friends", "percent_off": 20, "duration": "repeating", "duration_in_months": 3 }),
    )
}

fn coupon(t: &TestApp, given: Value) -> String {
    let made = t.stripe.call("POST", "/v1/coupons", &given).unwrap();
    made["id"].as_str().unwrap().to_owned()
}

/// Changes a subscription as somebody does in the Dashboard, and delivers what it tells.
async fn change(t: &TestApp, subscription: &str, what: Value) {
    t.stripe.call("POST", &format!("/v1/subscriptions/{subscription}"), &what).unwrap();
    t.deliver(&news(t)).await.assert_outcome("applied");
}

/// The last event of a subscription, minutes after the one before: of two in one second, neither is newer.
fn news(t: &TestApp) -> Value {
    let mut event = t.last_event("customer.subscription.updated");
    let later = 60 * i64::try_from(t.stripe.events().len()).unwrap();
    event["created"] = json!(event["created"].as_i64().unwrap() + later);
    event
}

async fn shown(t: &TestApp) -> Value {
    let answer = t.entitlements(users::MEMBER, &t.org).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["discounts"].clone()
}

/// How often Stripe was asked for a subscription.
fn reads(t: &TestApp) -> usize {
    let calls = t.stripe.requests();
    calls.iter().filter(|call| call.method == "GET" && call.path.starts_with("/v1/subscriptions/")).count()
}

fn ends_at(t: &TestApp, subscription: &str) -> Value {
    let expand = json!({ "expand": ["discounts"] });
    let read = t.stripe.call("GET", &format!("/v1/subscriptions/{subscription}"), &expand).unwrap();
    let second = read["discounts"][0]["end"].as_i64().unwrap();
    json!(jiff::Timestamp::from_second(second).unwrap())
}

#[tokio::test]
async fn a_promotion_code_at_checkout_is_shown() {
    let t = TestApp::start().await;
    assert_eq!(shown(&t).await, json!([]));
    let promotion = json!({ "type": "coupon", "coupon": friends(&t) });
    let code = json!({ "promotion": promotion, "code": "SECRET2026" });
    t.stripe.call("POST", "/v1/promotion_codes", &code).unwrap();
    let session = t.checkout_plan("pro", "month").await;
    let page = format!("{}/promotion_code", session.text("/url"));
    reqwest::Client::new().post(page).form(&[("code", "SECRET2026")]).send().await.unwrap();
    let paid = t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    assert_eq!(paid["amount_total"], 3920);
    t.deliver_all().await;
    let answer = t.entitlements(users::MEMBER, &t.org).await;
    assert_eq!(answer.text("/planCode"), "pro");
    let ends = ends_at(&t, paid["subscription"].as_str().unwrap());
    assert_eq!(
        answer.body["discounts"],
        json!([{ "name": "Friends", "percentOff": 20.0, "amountOff": null, "currency": null,
            "duration": "repeating", "endsAt": ends }])
    );
    assert!(!answer.body.to_string().contains("SECRET"));
    assert_eq!(t.value("select discounts::text like '%promo%' from subscriptions").await, "false");
}

#[tokio::test]
async fn a_discount_is_read_once_and_goes_when_it_is_taken_off() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let before = reads(&t);
    let five = coupon(&t, json!({ "amount_off": 500, "currency": "usd", "duration": "once" }));
    change(&t, &id, json!({ "discounts": [{ "coupon": five }] })).await;
    let once = json!([{ "name": null, "percentOff": null, "amountOff": 500, "currency": "usd",
        "duration": "once", "endsAt": null }]);
    assert_eq!((shown(&t).await, reads(&t) - before), (once.clone(), 1));
    // Its id tells the rest from now on.
    change(&t, &id, json!({ "metadata": { "note": "x" } })).await;
    assert_eq!((shown(&t).await, reads(&t) - before), (once, 1));
    change(&t, &id, json!({ "discounts": "" })).await;
    assert_eq!((shown(&t).await, reads(&t) - before), (json!([]), 1));
    // What applies once is gone with the next invoice.
    change(&t, &id, json!({ "discounts": [{ "coupon": five }] })).await;
    assert_eq!(shown(&t).await[0]["amountOff"], 500);
    t.stripe.renew(&id, true).unwrap();
    t.deliver(&news(&t)).await.assert_outcome("applied");
    assert_eq!(shown(&t).await, json!([]));
}

#[tokio::test]
async fn two_discounts_are_shown_in_stripes_order_and_only_the_new_one_is_asked_for() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let before = reads(&t);
    change(&t, &id, json!({ "discounts": [{ "coupon": friends(&t) }] })).await;
    let first = t.stripe.subscription(&id).unwrap()["discounts"][0].clone();
    let half = coupon(&t, json!({ "percent_off": 12.5, "duration": "forever" }));
    change(&t, &id, json!({ "discounts": [{ "coupon": half }, { "discount": first }] })).await;
    let all = shown(&t).await;
    let percents: Vec<&Value> = all.as_array().unwrap().iter().map(|one| &one["percentOff"]).collect();
    assert_eq!(percents, [12.5, 20.0]);
    assert_eq!((&all[0]["duration"], &all[0]["endsAt"]), (&json!("forever"), &Value::Null));
    assert_eq!(reads(&t) - before, 2);
    change(&t, &id, json!({ "discounts": [{ "discount": first }] })).await;
    assert_eq!((&shown(&t).await[0]["name"], reads(&t) - before), (&json!("Friends"), 2));
}

#[tokio::test]
async fn one_that_ends_is_gone_with_stripes_event_or_before_it() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    change(&t, &id, json!({ "discounts": [{ "coupon": friends(&t) }] })).await;
    t.stripe.advance(100 * 86_400);
    t.deliver(&news(&t)).await.assert_outcome("applied");
    assert_eq!(t.stripe.subscription(&id).unwrap()["discounts"], json!([]));
    assert_eq!(shown(&t).await, json!([]));

    change(&t, &id, json!({ "discounts": [{ "coupon": friends(&t) }] })).await;
    let over = "update subscriptions set discounts =
        jsonb_set(discounts, '{0,terms,ends_at}', to_jsonb(now() - interval '1 second'))";
    t.db.batch_execute(over).await.unwrap();
    assert_eq!(shown(&t).await, json!([]), "its end is known");
    // A test clock's time is not ours.
    t.db.batch_execute("update subscriptions set test_clock = 'clock_1'").await.unwrap();
    assert_eq!(shown(&t).await[0]["name"], "Friends");
}

#[tokio::test]
async fn an_event_of_each_version_says_or_names_its_discounts() {
    for (version, asked) in [("2024-06-20", 0), ("2025-06-30.basil", 1), ("2026-10-28.endive", 1)] {
        let t = TestApp::start().await;
        let id = t.buy("pro", "month").await;
        let coupon = friends(&t);
        let what = json!({ "discounts": [{ "coupon": coupon }] });
        t.stripe.call("POST", &format!("/v1/subscriptions/{id}"), &what).unwrap();
        let (later, before) = (news(&t), reads(&t));
        let mut event = t.stripe.event_as(later["id"].as_str().unwrap(), version).unwrap();
        event["created"] = later["created"].clone();
        t.deliver(&event).await.assert_outcome("applied");
        let all = shown(&t).await;
        assert_eq!((all[0]["name"].as_str(), reads(&t) - before), (Some("Friends"), asked), "{version}");
        assert_eq!(all[0]["endsAt"], ends_at(&t, &id), "{version}");
        // Stripe says the same.
        let tally = t.billing_json(0, &["backfill", "--all", "--dry-run"]).await;
        assert!(tally.to_string().contains("\"drifted\":0"), "{version}: {tally}");
    }
}

#[tokio::test]
async fn odd_discounts_hide_no_subscription() {
    for odd in [
        json!({ "discount": { "coupon": { "percent_off": 20, "duration": "forever" }, "object": "discount" },
            "discounts": null }),
        json!({ "discounts": [7], "discount": null }),
        json!({ "discounts": [{ "id": "di_1", "source": { "coupon": null }, "end": null }] }),
        json!({ "discounts": [{ "id": "di_1", "source": { "coupon": { "percent_off": "much" } } }] }),
    ] {
        let t = TestApp::start().await;
        t.buy("pro", "month").await;
        let mut event = t.last_event("customer.subscription.updated");
        event["id"] = json!("evt_odd");
        event["created"] = json!(event["created"].as_i64().unwrap() + 60);
        event["data"]["object"].as_object_mut().unwrap().extend(odd.as_object().unwrap().clone());
        t.deliver(&event).await.assert_outcome("applied");
        let known = odd["discount"]["coupon"]["percent_off"] == 20;
        let all = shown(&t).await;
        assert_eq!((all.is_null(), all[0]["percentOff"] == 20.0), (!known, known), "{odd}");
    }
}

#[tokio::test]
async fn while_stripe_is_ill_the_plan_is_right_and_the_discount_is_not_known() {
    for (status, delay_ms) in [(400, 0), (200, 60_000)] {
        let t = TestApp::start().await;
        let id = t.buy("pro", "month").await;
        let enterprise = json!({ "lookup_keys": ["promptforge_enterprise_month"] });
        let price = t.stripe.call("GET", "/v1/prices", &enterprise).unwrap()["data"][0]["id"].clone();
        let item = t.stripe.subscription(&id).unwrap()["items"]["data"][0]["id"].clone();
        let what = json!({ "items": [{ "id": item, "price": price }],
            "discounts": [{ "coupon": friends(&t) }] });
        t.stripe.call("POST", &format!("/v1/subscriptions/{id}"), &what).unwrap();
        let path_prefix = format!("/v1/subscriptions/{id}");
        t.stripe.fail(Fault { path_prefix, status, delay_ms, ..Fault::default() });
        let started = std::time::Instant::now();
        t.deliver(&news(&t)).await.assert_outcome("applied");
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
        let answer = t.entitlements(users::MEMBER, &t.org).await;
        assert_eq!((answer.text("/planCode"), &answer.body["discounts"]), ("enterprise", &Value::Null));
        let screen = t.billing(&["explain", &t.org]).await.output;
        assert!(screen.contains("takes something off, not known what"), "{screen}");
        t.forget_events().await;
        let report = t.reconcile().await;
        assert_eq!((report.subscriptions.drifted, report.subscriptions.repaired), (1, 1), "{report:?}");
        assert_eq!(shown(&t).await[0]["name"], "Friends");
        assert_eq!(t.value("select count(*) from webhook_events where status <> 'processed'").await, "0");
    }
}

#[tokio::test]
async fn an_items_own_discount_is_not_known_and_never_asked_for_again() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let item = t.stripe.subscription(&id).unwrap()["items"]["data"][0]["id"].clone();
    let before = reads(&t);
    let items = json!({ "items": [{ "id": item, "discounts": [{ "coupon": friends(&t) }] }] });
    change(&t, &id, items).await;
    assert_eq!((shown(&t).await, reads(&t) - before), (Value::Null, 0));
    let screen = t.billing(&["explain", &t.org]).await.output;
    assert!(screen.contains("takes something off an item: see Stripe"), "{screen}");
    let tally = t.billing_json(0, &["backfill", "--all", "--dry-run"]).await;
    assert!(tally.to_string().contains("\"drifted\":0"), "{tally}");
}

#[tokio::test]
async fn a_strangers_discount_is_shown_only_where_the_strangers_subscription_explains_the_plan() {
    let t = TestApp::start().await;
    let (theirs, _) = t.buy_by_link(&t.org, "enterprise").await;
    change(&t, &theirs, json!({ "discounts": [{ "coupon": friends(&t) }] })).await;
    assert_eq!(shown(&t).await[0]["name"], "Friends");
    t.buy("enterprise", "month").await;
    assert_eq!(shown(&t).await, json!([]), "its own explains the plan");
}

#[tokio::test]
async fn explain_says_what_is_taken_off() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let five = coupon(&t, json!({ "amount_off": 500, "currency": "usd", "name": "Sorry" }));
    let discounts = json!({ "discounts": [{ "coupon": friends(&t) }, { "coupon": five }] });
    change(&t, &id, discounts).await;
    let day = ends_at(&t, &id).as_str().unwrap()[..10].to_owned();
    let screen = t.billing(&["explain", &t.org]).await.output;
    let told = format!("20% off until {day} (Friends), 5.00 USD off the next invoice (Sorry)");
    assert!(screen.contains(&told), "{screen}");
    let facts = t.billing_json(0, &["explain", &t.org]).await;
    assert_eq!(facts["plan"]["discounts"][1]["amount_off"], 500);
    assert_eq!(facts["subscriptions"][0]["discounts"][0]["terms"]["name"], "Friends");
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;
    assert_eq!(shown(&t).await, json!([]), "nothing is to come");
}
