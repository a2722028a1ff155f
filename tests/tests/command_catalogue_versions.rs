//! `billing catalogue apply --for new`: who bought before keeps what they had.

use serde_json::{Value, json};
use tests::{TestApp, TestFile, users};

/// The database's catalogue, in which something else stands.
async fn changed(t: &TestApp, from: &str, to: &str) -> TestFile {
    let pulled = t.billing(&["catalogue", "pull"]).await.output;
    assert!(pulled.contains(from), "{from}: {pulled}");
    TestFile::catalogue(&pulled.replacen(from, to, 1))
}

async fn has(t: &TestApp, flag: &str) -> (String, Value) {
    let answer = t.entitlements(users::OWNER, &t.org).await;
    (answer.text("/planCode").to_owned(), answer.body["entitlements"][flag].clone())
}

/// Pro, which is the first in the file to have it, without the export as PDF.
async fn less(t: &TestApp) -> TestFile {
    changed(t, "  \"canExportPDF\",\n", "").await
}

#[tokio::test]
async fn whoever_bought_before_keeps_it_through_renewals_and_grace_until_it_is_moved() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let file = less(&t).await;
    let apply = ["catalogue", "apply", file.path(), "--for", "new"];
    let told = t.billing_json(0, &[&apply[..], &["--dry-run"]].concat()).await;
    assert_eq!((&told["effects"], &told["for_new"]), (&json!([]), &json!(true)), "nobody loses anything");
    let done = t.billing_json(0, &apply).await;
    assert_eq!(done["changes"], told["changes"]);
    assert_eq!(t.billing_json(0, &apply).await["changes"], json!([]), "run again, it changes nothing");
    let keeps = ("pro".to_owned(), json!(true));
    assert_eq!(has(&t, "canExportPDF").await, keeps);
    let sold = t.plans("", None).await;
    assert_eq!(sold.body["plans"][1]["entitlements"]["canExportPDF"], false);

    let read = t.billing(&["explain", &t.org]).await.output;
    assert!(read.contains("Version          1, as it was sold until"), "{read}");
    assert_eq!(t.billing_json(0, &["explain", &t.org]).await["kept"]["features"]["canExportPDF"], true);
    for paid in [true, false] {
        t.stripe.advance(60);
        t.stripe.renew(&id, paid).unwrap();
        t.deliver_all().await;
        assert_eq!(has(&t, "canExportPDF").await, keeps, "renewed {paid}");
    }
    let asked = format!("select billing_private.feature_enabled('{}', 'canExportPDF')", t.org);
    assert_eq!(t.value(&asked).await, "true");
    let shown = format!(
        "select enabled from entitlements_effective where org_id = '{}' and feature = 'canExportPDF'",
        t.org
    );
    assert_eq!(t.value(&shown).await, "true");

    // Moved to another plan and back, it is bought anew.
    t.stripe.advance(60);
    t.stripe.pay_open_invoice(&id).unwrap();
    t.stripe.advance(90_000);
    t.stripe.change_plan(&id, "promptforge_enterprise_month").unwrap();
    t.deliver_all().await;
    assert_eq!(has(&t, "canExportPDF").await, ("enterprise".to_owned(), json!(true)));
    t.stripe.advance(90_000);
    t.stripe.renew(&id, true).unwrap();
    t.deliver_all().await;
    t.stripe.advance(60);
    t.stripe.change_plan(&id, "promptforge_pro_month").unwrap();
    t.deliver_all().await;
    assert_eq!(has(&t, "canExportPDF").await, ("pro".to_owned(), json!(false)));
}

#[tokio::test]
async fn whoever_buys_afterwards_has_the_plan_as_it_is_and_a_change_for_everybody_reaches_both() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let file = less(&t).await;
    t.billing_json(0, &["catalogue", "apply", file.path(), "--for", "new"]).await;
    let other = t.more_organizations(1).await.remove(0);
    let price = t.value("select price_id from subscriptions").await;
    t.subscribe_at_stripe(&other, &json!([{ "price": price }])).await;
    let on = async |org: &str, flag: &str| {
        let sql = format!(
            "select enabled from entitlements_effective where org_id = '{org}' and feature = '{flag}'"
        );
        t.value(&sql).await
    };
    assert_eq!(
        (on(&t.org, "canExportPDF").await, on(&other, "canExportPDF").await),
        ("true".into(), "false".into())
    );

    let file = changed(&t, "  \"canExportJSON\",\n", "").await;
    let told = t.billing_json(3, &["catalogue", "apply", file.path(), "--dry-run"]).await;
    assert_eq!(told["effects"][0]["organizations"], 2, "{told}");
    t.billing_json(0, &["catalogue", "apply", file.path()]).await;
    for org in [&t.org, &other] {
        assert_eq!(on(org, "canExportJSON").await, "false", "{org}");
    }
    assert_eq!(on(&t.org, "canExportPDF").await, "true");
}

#[tokio::test]
async fn what_everybody_has_cannot_change_for_new_ones_alone() {
    let t = TestApp::start().await;
    let file = changed(&t, "flags = [\n  \"canExportMD\",\n]", "flags = []").await;
    for way in [&["--dry-run"][..], &[]] {
        let apply = [&["catalogue", "apply", file.path(), "--for", "new"], way].concat();
        let refused = t.billing(&apply).await;
        assert!(
            refused.complaint.contains("everybody has the plan pilot, and nobody bought it"),
            "{refused:?}"
        );
    }
    assert_eq!(has(&t, "canExportMD").await.1, json!(true));
}

#[tokio::test]
async fn a_second_subscription_of_the_plan_adds_to_what_the_first_one_keeps() {
    let t = TestApp::start().await;
    t.buy("enterprise", "month").await;
    let file = changed(&t, "seats = 5", "seats = 3").await;
    t.billing_json(0, &["catalogue", "apply", file.path(), "--for", "new"]).await;
    let file = changed(&t, "  \"hasWhiteLabel\",\n", "").await;
    t.billing_json(0, &["catalogue", "apply", file.path(), "--for", "new"]).await;
    let seats = async || t.entitlements(users::OWNER, &t.org).await.body["seats"].clone();
    assert_eq!((seats().await, has(&t, "hasWhiteLabel").await.1), (json!(5), json!(true)));
    t.stripe.advance(60);
    let price = t.value("select price_id from subscriptions").await;
    let second = t.subscribe_at_stripe(&t.org, &json!([{ "price": price }])).await;
    assert_eq!((seats().await, has(&t, "hasWhiteLabel").await.1), (json!(8), json!(true)));
    t.stripe.advance(60);
    t.stripe.cancel_now(&second).unwrap();
    t.deliver_all().await;
    assert_eq!((seats().await, has(&t, "hasWhiteLabel").await.1), (json!(5), json!(true)));
}

#[tokio::test]
async fn a_plan_that_was_left_and_bought_again_within_its_period_is_bought_anew() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    let file = less(&t).await;
    t.billing_json(0, &["catalogue", "apply", file.path(), "--for", "new"]).await;
    t.stripe.advance(5 * 86_400);
    t.stripe.change_plan(&id, "promptforge_enterprise_month").unwrap();
    t.deliver_all().await;
    t.stripe.advance(5 * 86_400);
    t.stripe.change_plan(&id, "promptforge_pro_month").unwrap();
    t.deliver_all().await;
    assert_eq!(has(&t, "canExportPDF").await, ("pro".to_owned(), json!(false)));
}

#[tokio::test]
async fn a_flag_that_there_is_no_more_is_in_no_version() {
    let t = TestApp::start().await;
    t.buy("enterprise", "month").await;
    let file = changed(&t, "seats = 5", "seats = 4").await;
    t.billing_json(0, &["catalogue", "apply", file.path(), "--for", "new"]).await;
    // Out of every plan, and out of the catalogue.
    let pulled = t.billing(&["catalogue", "pull"]).await.output;
    let without: String = pulled
        .lines()
        .filter(|line| !line.contains("hasWhiteLabel"))
        .map(|line| format!("{line}\n"))
        .collect();
    let file = TestFile::catalogue(&without.replacen("seats = 4", "seats = 3", 1));
    t.billing_json(0, &["catalogue", "apply", file.path(), "--for", "new"]).await;
    let answer = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!(answer.body["entitlements"].get("hasWhiteLabel"), None, "{}", answer.body);
}
