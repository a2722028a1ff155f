//! A plan and flags that are added in the database are sold, granted, answered and switched by hand, by the
//! programs as they are.

use cli::commands::{portal_configuration, products};
use serde_json::{Value, json};
use tests::{TestApp, users};

const TEAM: &str = "
    insert into plans (plan_code, name, price_month_cents, seats_included, more_seats, rank,
      lookup_key_prefix)
    values ('team', 'PromptForge Team', 9900, 3, true, 5, 'promptforge_team');
    insert into plan_entitlements (plan_code, feature, enabled)
    select 'team', feature, true from plan_entitlements where plan_code = 'pro' and enabled;
    insert into plan_entitlements (plan_code, feature, enabled)
    values ('team', 'hasTeamSpaces', true), ('team', 'hasAuditLog', true);";

async fn with_a_team_plan() -> TestApp {
    let t = TestApp::start().await;
    t.db.batch_execute(TEAM).await.unwrap();
    let made = products::run(products::Args { dry_run: false }, &t.operator()).await.unwrap();
    assert_eq!(made.products.iter().filter(|line| line.done == products::Done::Created).count(), 1);
    t
}

async fn answer(t: &TestApp) -> Value {
    t.entitlements(users::OWNER, &t.org).await.body
}

#[tokio::test]
async fn a_plan_that_is_added_is_sold_granted_and_answered_with_its_flags() {
    let t = with_a_team_plan().await;
    let before = answer(&t).await;
    assert_eq!(before["entitlements"].as_object().unwrap().len(), 13);
    assert_eq!(before["entitlements"]["hasTeamSpaces"], false);
    t.checkout_plan("team", "year").await.assert_failure(400, "invalid_interval");
    t.buy("team", "month").await;
    let bought = answer(&t).await;
    assert_eq!((&bought["planCode"], &bought["seats"]), (&json!("team"), &json!(3)));
    let on = bought["entitlements"].as_object().unwrap().values().filter(|flag| **flag == true).count();
    assert_eq!(on, 9);
    t.checkout_plan("team", "month").await.assert_failure(409, "already_subscribed");
    // It goes with its organization's plan.
    let id = t.stripe.subscriptions().pop().unwrap()["id"].as_str().unwrap().to_owned();
    t.stripe.advance(60);
    t.stripe.change_plan(&id, "promptforge_pro_month").unwrap();
    t.deliver_all().await;
    let changed = answer(&t).await;
    assert_eq!(
        (&changed["planCode"], &changed["entitlements"]["hasAuditLog"]),
        (&json!("pro"), &json!(false))
    );
}

#[tokio::test]
async fn a_flag_that_is_added_can_be_switched_by_hand_and_sold_as_an_add_on() {
    let t = with_a_team_plan().await;
    t.billing_json(0, &["grant", &t.org, "hasAuditLog", "--reason", "ticket 4711"]).await;
    assert_eq!(answer(&t).await["entitlements"]["hasAuditLog"], true);
    let paid = t.payment_event(&t.org, "cs_1", "paid", &json!({ "addon_flags": "hasTeamSpaces" }));
    t.deliver(&paid).await.assert_outcome("applied");
    assert_eq!(answer(&t).await["entitlements"]["hasTeamSpaces"], true);
}

#[tokio::test]
async fn the_portal_offers_the_plan_and_more_seats_of_it() {
    let t = with_a_team_plan().await;
    let made = portal_configuration::run(portal_configuration::Args { dry_run: false }, &t.operator())
        .await
        .unwrap();
    let path = "/v1/billing_portal/configurations";
    let (url, key) = (t.stripe.url(), t.stripe.secret_key().to_owned());
    let query = format!("{url}{path}?expand[]=data.features.subscription_update.products");
    let listed: Value =
        reqwest::Client::new().get(query).bearer_auth(key).send().await.unwrap().json().await.unwrap();
    assert!(made.configuration.is_some());
    let products = &listed["data"][0]["features"]["subscription_update"]["products"];
    let adjustable = |product: &&Value| product["adjustable_quantity"]["enabled"] == true;
    assert_eq!(products.as_array().unwrap().len(), 3);
    assert_eq!(products.as_array().unwrap().iter().filter(adjustable).count(), 2);
}

#[tokio::test]
async fn a_plan_that_there_is_not_is_refused_and_grants_the_free_one() {
    let t = TestApp::start().await;
    t.checkout_plan("team", "month").await.assert_failure(400, "invalid_plan");
    let price = t.deal_at_stripe(&json!({ "metadata": { "plan_code": "team" } }));
    t.subscribe_at_stripe(&t.org, &json!([{ "price": price }])).await;
    let answer = answer(&t).await;
    assert_eq!((&answer["planCode"], &answer["reason"]), (&json!("pilot"), &json!("unknown_price")));
    // Somebody pays, so nothing is sold twice.
    t.checkout_plan("pro", "month").await.assert_failure(409, "already_subscribed");
}

#[tokio::test]
async fn the_order_of_plans_and_the_free_one_cannot_be_lost() {
    let t = TestApp::start().await;
    for change in [
        "update plans set rank = 7 where plan_code = 'pilot'",
        "update plans set rank = 0 where plan_code = 'pro'",
        "update plans set rank = 2 where plan_code = 'pro'",
        "update plans set rank = -1 where plan_code = 'pro'",
    ] {
        assert!(t.db.batch_execute(change).await.is_err(), "{change}");
    }
    // Two plans change places in one statement.
    t.db.batch_execute("update plans set rank = 3 - rank where plan_code <> 'pilot'").await.unwrap();
}
