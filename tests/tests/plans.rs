//! GET /api/billing/plans: what is sold, and what an organization may do with it.

use serde_json::{Value, json};
use tests::{Answer, TestApp, users};

fn plan<'a>(answer: &'a Answer, code: &str) -> &'a Value {
    let plans = answer.body["plans"].as_array().unwrap();
    plans.iter().find(|plan| plan["planCode"] == code).unwrap_or_else(|| panic!("no plan {code}"))
}

/// Each plan's action, in order of rank.
async fn actions(t: &TestApp) -> String {
    let answer = t.plans(users::MEMBER, Some(&t.org)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let plans = answer.body["plans"].as_array().unwrap();
    plans.iter().map(|plan| plan["action"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn anybody_reads_all_plans_with_prices_seats_and_every_flag() {
    let t = TestApp::start().await;
    let answer = t.plans("", None).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("public, max-age=60")));
    let codes: Vec<&Value> =
        answer.body["plans"].as_array().unwrap().iter().map(|plan| &plan["planCode"]).collect();
    assert_eq!(codes, ["pilot", "pro", "enterprise"]);
    let pro = plan(&answer, "pro");
    assert_eq!(
        pro["prices"],
        json!([
            { "interval": "month", "intervalCount": 1, "currency": "usd", "amountCents": 4900, "sold": true },
            { "interval": "year", "intervalCount": 1, "currency": "usd", "amountCents": 49000, "sold": true }
        ])
    );
    assert_eq!((&pro["name"], &pro["seats"]), (&json!("PromptForge Pro"), &json!(1)));
    let flags = pro["entitlements"].as_object().unwrap();
    assert_eq!((flags.len(), flags.values().filter(|on| **on == true).count()), (11, 7));
    assert_eq!((pro.get("action"), &pro["trialDays"]), (None, &Value::Null));
}

#[tokio::test]
async fn a_plan_that_is_added_is_shown() {
    let t = TestApp::start().await;
    t.db.batch_execute(
        "insert into plans (plan_code, name, seats_included, rank, lookup_key_prefix)
           values ('team', 'Team', 9, 7, 'promptforge_team');
         insert into plan_entitlements values ('team', 'hasTeamSpaces', true)",
    )
    .await
    .unwrap();
    let answer = t.plans(users::MEMBER, Some(&t.org)).await;
    let team = plan(&answer, "team");
    assert_eq!((&team["prices"], &team["action"]), (&json!([]), &json!("contact")));
    // What everybody has is part of every plan.
    let flags = &team["entitlements"];
    assert_eq!((&flags["hasTeamSpaces"], &flags["canExportMD"]), (&json!(true), &json!(true)));
    assert_eq!(plan(&answer, "pro")["entitlements"]["hasTeamSpaces"], false);
}

#[tokio::test]
async fn a_member_reads_what_the_organization_may_do_with_each() {
    let t = TestApp::start().await;
    assert_eq!(actions(&t).await, "current buy buy");
    let own = t.plans(users::MEMBER, Some(&t.org)).await;
    assert_eq!(own.header("cache-control"), Some("private, no-store"));
    let id = t.buy("pro", "month").await;
    assert_eq!(actions(&t).await, "downgrade current upgrade");
    t.stripe.advance(60);
    t.stripe.change_plan(&id, "promptforge_enterprise_month").unwrap();
    t.deliver_all().await;
    assert_eq!(actions(&t).await, "downgrade downgrade current");
    t.stripe.advance(60);
    t.stripe.cancel_at_period_end(&id, true).unwrap();
    t.deliver_all().await;
    assert_eq!(actions(&t).await, "scheduled downgrade current");
    t.stripe.advance(60);
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;
    assert_eq!(actions(&t).await, "current buy buy");
    // A plan that was given and not bought.
    t.db.batch_execute(&format!("select pf_apply_plan_entitlements('{}', 'pro')", t.org)).await.unwrap();
    assert_eq!(actions(&t).await, "contact current buy");
}

#[tokio::test]
async fn a_trial_is_offered_once() {
    let t = TestApp::start_with(&[("TRIAL_DAYS", "14")]).await;
    let days = |answer: &Answer| ["pilot", "pro"].map(|code| plan(answer, code)["trialDays"].clone());
    assert_eq!(days(&t.plans("", None).await), [Value::Null, json!(14)]);
    assert_eq!(days(&t.plans(users::MEMBER, Some(&t.org)).await), [Value::Null, json!(14)]);
    let id = t.buy("pro", "month").await;
    t.stripe.advance(60);
    t.stripe.cancel_now(&id).unwrap();
    t.deliver_all().await;
    assert_eq!(days(&t.plans(users::MEMBER, Some(&t.org)).await), [Value::Null, Value::Null]);
}
