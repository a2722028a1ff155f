//! `billing addon`.

use serde_json::{Value, json};
use tests::{TestApp, users};

async fn has(t: &TestApp, flag: &str) -> Value {
    t.entitlements(users::OWNER, &t.org).await.body["entitlements"][flag].clone()
}

/// A one-time payment of the first organization.
async fn pays(t: &TestApp, session: &str, status: &str, metadata: Value) {
    t.deliver(&t.payment_event(&t.org, session, status, &metadata)).await.assert_outcome("applied");
}

/// The add-on of this source, as `billing addon list --json` has it.
async fn listed(t: &TestApp, source: &str) -> Value {
    let list = t.billing_json(0, &["addon", "list"]).await;
    let found = list["add_ons"].as_array().unwrap().iter().find(|one| one["source"] == source).cloned();
    found.unwrap_or_else(|| panic!("{source}: {list}"))
}

fn audited() -> &'static str {
    "select concat_ws('|', telemetry ->> 'from', telemetry ->> 'cause', telemetry ->> 'reason',
       telemetry ->> 'source') from runs where kind = 'addon_ended'"
}

#[tokio::test]
async fn every_add_on_is_listed_with_its_flags_its_times_and_what_became_of_the_money() {
    let t = TestApp::start().await;
    assert_eq!(t.billing(&["addon", "list"]).await.output, "There are no add-ons.");
    pays(&t, "cs_days", "paid", json!({ "addon_flags": "hasAPI, canExportPDF", "addon_days": "30" })).await;
    pays(&t, "cs_open", "unpaid", json!({ "addon_flags": "hasAPI" })).await;
    pays(&t, "cs_typo", "paid", json!({ "addon_flags": "hasAPI", "addon_days": "30 days" })).await;
    pays(&t, "cs_back", "paid", json!({ "addon_flags": "hasWhiteLabel" })).await;
    pays(&t, "cs_lost", "paid", json!({ "addon_flags": "hasWhiteLabel" })).await;
    pays(&t, "cs_part", "paid", json!({ "addon_flags": "canExportJSON" })).await;
    pays(&t, "cs_plain", "paid", json!({})).await;
    t.deliver(&t.refund_event("cs_back", 1500)).await.assert_outcome("applied");
    t.deliver(&t.refund_event("cs_part", 500)).await.assert_outcome("applied");
    t.deliver(&t.dispute_event("cs_lost", "lost")).await.assert_outcome("applied");
    let price = t.deal_at_stripe(&json!({ "metadata": { "addon_flags": "canExportBundleZip" } }));
    let recurring = t.subscribe_at_stripe(&t.other_org, &json!([{ "price": price }])).await;
    let typo = t.deal_at_stripe(&json!({ "metadata": { "addon_flags": "hasNoSuch" } }));
    let unread = t.subscribe_at_stripe(&t.other_org, &json!([{ "price": typo }])).await;

    let days = listed(&t, "cs_days").await;
    assert_eq!(
        (&days["state"], &days["status"], &days["kind"]),
        (&json!("on"), &json!("paid"), &json!("payment"))
    );
    assert_eq!(days["features"], json!(["canExportPDF", "hasAPI"]));
    assert_eq!((&days["amount_cents"], &days["currency"]), (&json!(1500), &json!("usd")));
    assert!(days["until"].is_string() && days["since"].is_string(), "{days}");
    for (source, state) in [
        ("cs_open", "unpaid"),
        ("cs_typo", "unreadable"),
        ("cs_back", "refunded"),
        ("cs_lost", "dispute_lost"),
        ("cs_part", "on"),
    ] {
        assert_eq!(listed(&t, source).await["state"], state, "{source}");
    }
    assert_eq!(listed(&t, "cs_typo").await["unreadable"], "addon_days");
    assert_eq!(listed(&t, "cs_part").await["refunded_cents"], 500);
    let of_item = listed(&t, &recurring).await;
    assert_eq!((&of_item["kind"], &of_item["status"]), (&json!("subscription"), &json!("active")));
    assert_eq!((&of_item["prices"], &of_item["organization"]["id"]), (&json!([price]), &json!(t.other_org)));

    let nothing = listed(&t, &unread).await;
    assert_eq!((&nothing["state"], &nothing["unreadable"]), (&json!("unreadable"), &json!("hasNoSuch")));
    assert_eq!((&nothing["features"], &nothing["prices"]), (&json!([]), &json!([typo])));

    let of_one = t.billing_json(0, &["addon", "list", &t.org]).await;
    assert_eq!(of_one["add_ons"].as_array().unwrap().len(), 6, "{of_one}");
    let screen = t.billing(&["addon", "list", &t.org]).await.output;
    for part in [
        "canExportPDF, hasAPI  on",
        "15.00 USD, paid",
        "5.00 USD refunded",
        "dispute: lost",
        "unreadable: addon_days",
    ] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert!(!screen.contains("cs_plain") && !screen.contains(&recurring), "{screen}");
    let few = t.billing_json(0, &["addon", "list", "--limit", "2"]).await;
    assert_eq!((few["add_ons"].as_array().unwrap().len(), &few["has_more"]), (2, &json!(true)));
}

#[tokio::test]
async fn an_add_on_that_is_ended_goes_at_once_for_good_and_says_who_and_why() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    pays(&t, "cs_1", "paid", json!({ "addon_flags": "hasAPI,canExportPDF" })).await;
    assert_eq!(has(&t, "hasAPI").await, true);
    let end = ["addon", "end", &t.org, "cs_1", "--reason", "ticket 4711", "--by", "ada"];
    let ended = t.billing(&end).await;
    assert_eq!(ended.status, 0, "{ended:?}");
    for part in [
        "The add-on of cs_1 of First",
        "canExportPDF  on by plan",
        "hasAPI        off by plan",
        "By ada: ticket 4711",
    ] {
        assert!(ended.output.contains(part), "{part}: {}", ended.output);
    }
    assert_eq!((has(&t, "hasAPI").await, has(&t, "canExportPDF").await), (json!(false), json!(true)));
    assert_eq!(t.value(audited()).await, "canExportPDF,hasAPI|ada|ticket 4711|cs_1");
    let again = t.billing(&["addon", "end", &t.org, "cs_1", "--reason", "again", "--by", "bob"]).await;
    assert_eq!(again.output, "The add-on of cs_1 was ended before, by ada. Nothing was changed.");
    assert_eq!(t.value("select count(*) from runs where kind = 'addon_ended'").await, "1");
    // Nor does what comes later bring it back.
    t.deliver(&t.refund_event("cs_1", 500)).await.assert_outcome("applied");
    assert_eq!(has(&t, "hasAPI").await, false);
    assert_eq!(listed(&t, "cs_1").await["state"], "ended");
}

#[tokio::test]
async fn one_that_is_ended_before_it_is_paid_is_never_granted() {
    let t = TestApp::start().await;
    pays(&t, "cs_1", "unpaid", json!({ "addon_flags": "hasAPI" })).await;
    let ended =
        t.billing_json(0, &["addon", "end", &t.org, "cs_1", "--reason", "mistake", "--by", "ada"]).await;
    assert_eq!((&ended["done"], &ended["flags"][0]["enabled"]), (&json!("updated"), &json!(false)));
    assert_eq!(t.value(audited()).await, "ada|mistake|cs_1");
    pays(&t, "cs_1", "paid", json!({ "addon_flags": "hasAPI" })).await;
    assert_eq!(has(&t, "hasAPI").await, false);
}

#[tokio::test]
async fn what_cannot_be_ended_here_is_refused_with_what_to_do() {
    let t = TestApp::start().await;
    let price = t.deal_at_stripe(&json!({ "metadata": { "addon_flags": "hasAPI" } }));
    let id = t.subscribe_at_stripe(&t.org, &json!([{ "price": price }])).await;
    pays(&t, "cs_plain", "paid", json!({})).await;
    pays(&t, "cs_ours", "paid", json!({ "addon_flags": "hasAPI" })).await;
    let rows = t.billing_rows().await;
    for (org, session, sentence) in [
        (&t.org, id.as_str(), format!("Remove the item of {price} from it in Stripe's Dashboard")),
        (&t.org, "sub_none", "Remove that item from it in Stripe's Dashboard".to_owned()),
        (&t.org, "cs_none", format!("First has no payment cs_none. billing addon list {}", t.org)),
        (&t.org, "cs_plain", "cs_plain sold no add-on".to_owned()),
        (&t.other_org, "cs_ours", format!("cs_ours is a payment of First ({})", t.org)),
    ] {
        let refused = t.billing(&["addon", "end", org, session, "--reason", "x"]).await;
        assert_eq!(refused.status, 1, "{refused:?}");
        assert!(refused.complaint.contains(&sentence), "{sentence}: {refused:?}");
    }
    assert_eq!((t.billing_rows().await, has(&t, "hasAPI").await), (rows, json!(true)));
    t.assert_wrong_usage(&["addon", "end", &t.org, "cs_1"], "--reason <TEXT>").await;
    t.assert_wrong_usage(&["addon", "end", &t.org, "cs_1", "--reason", " "], "it must say something").await;
    t.assert_wrong_usage(&["addon", "list", "acme"], "expected an organization's id").await;
    t.assert_wrong_usage(&["addon", "list", "--limit", "0"], "--limit").await;
    for command in [&["addon", "list"][..], &["addon", "end", &t.org, "cs_1", "--reason", "x"]] {
        t.assert_needs(command, false).await;
    }
}
