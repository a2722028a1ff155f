//! POST /api/billing/portal: whose portal opens, where an organization has several customers, or a customer
//! several organizations.

use lambda_http::Body;
use lambda_http::http::{Method, Request};
use serde_json::{Value, json};
use tests::{TestApp, users};

async fn opens(t: &TestApp, user: &str, org: &str) -> String {
    let answer = t.portal(user, &json!({ "orgId": org })).await;
    if answer.status != 200 {
        return answer.text("/code").to_owned();
    }
    let calls = t.stripe.requests();
    let call = calls.iter().rev().find(|call| call.path == "/v1/billing_portal/sessions").unwrap();
    call.params["customer"].as_str().unwrap().to_owned()
}

async fn buys(t: &TestApp, user: &str, org: &str) -> String {
    let order = json!({ "orgId": org, "planCode": "pro", "interval": "month" });
    let answer = t.checkout(user, &order).await;
    if answer.status == 200 { "200".to_owned() } else { answer.text("/code").to_owned() }
}

#[tokio::test]
async fn a_subscription_that_sales_made_on_a_new_customer_opens_that_customers_portal() {
    let t = TestApp::start().await;
    // The organization opened a checkout once, and bought nothing.
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
    let first = t.value("select stripe_customer_id from customers").await;
    let second = t.customer_at_stripe(&json!({}));
    t.subscription_at_stripe(&second, "promptforge_enterprise_month", &json!({ "org_id": t.org }));
    t.deliver_all().await;
    assert_eq!(opens(&t, users::OWNER, &t.org).await, second);
    assert_eq!(buys(&t, users::OWNER, &t.org).await, "already_subscribed");
    t.stripe.advance(10);
    t.stripe.cancel_now(t.stripe.subscriptions()[0]["id"].as_str().unwrap()).unwrap();
    t.deliver_all().await;
    assert_eq!(opens(&t, users::OWNER, &t.org).await, second, "its invoices are there");
    assert_eq!(buys(&t, users::OWNER, &t.org).await, "200");
    assert_eq!(t.value("select stripe_customer_id from customers").await, first);
}

#[tokio::test]
async fn a_subscription_that_moved_to_another_organization_is_managed_there_and_no_longer_here() {
    let t = TestApp::start().await;
    let owners =
        "insert into own_members (org_id, user_id, role) values ($1::text::uuid, $2::text::uuid, 'owner')
        on conflict (org_id, user_id) do update set role = 'owner'";
    t.db.execute(owners, &[&t.other_org, &users::OUTSIDER]).await.unwrap();
    let subscription = t.buy("pro", "month").await;
    let customer = t.value("select stripe_customer_id from customers").await;
    t.stripe.advance(10);
    let moved = json!({ "metadata": { "org_id": t.other_org } });
    t.stripe.call("POST", &format!("/v1/subscriptions/{subscription}"), &moved).unwrap();
    t.deliver_all().await;
    assert_eq!(opens(&t, users::OUTSIDER, &t.other_org).await, customer);
    assert_eq!(buys(&t, users::OUTSIDER, &t.other_org).await, "already_subscribed");
    assert_eq!(opens(&t, users::OWNER, &t.org).await, "no_customer");
    // The old organization buys again: on a customer of its own.
    assert_eq!(buys(&t, users::OWNER, &t.org).await, "200");
    let own = format!("select stripe_customer_id from customers where org_id = '{}'", t.org);
    assert_ne!(t.value(&own).await, customer);
    assert_eq!(opens(&t, users::OWNER, &t.org).await, t.value(&own).await);
}

#[tokio::test]
async fn a_customer_who_pays_for_two_organizations_opens_the_portal_of_neither() {
    let t = TestApp::start().await;
    let owners =
        "insert into own_members (org_id, user_id, role) values ($1::text::uuid, $2::text::uuid, 'owner')
        on conflict (org_id, user_id) do update set role = 'owner'";
    t.db.execute(owners, &[&t.other_org, &users::OUTSIDER]).await.unwrap();
    t.buy("pro", "month").await;
    let customer = t.value("select stripe_customer_id from customers").await;
    t.stripe.advance(10);
    t.subscription_at_stripe(&customer, "promptforge_pro_month", &json!({ "org_id": t.other_org }));
    t.deliver_all().await;
    for (user, org) in [(users::OWNER, &t.org), (users::OUTSIDER, &t.other_org)] {
        assert_eq!(opens(&t, user, org).await, "shared_customer");
        assert_eq!(buys(&t, user, org).await, "already_subscribed");
    }
}

/// A request of a user whose token says this address.
fn from(user: &str, email: &str, body: &Value) -> Request<Body> {
    Request::builder()
        .method(Method::POST)
        .uri("/api/billing")
        .header("content-type", "application/json")
        .header("x-user-id", user)
        .header("x-user-email", email)
        .body(Body::from(body.to_string()))
        .unwrap()
}

#[tokio::test]
async fn a_new_owners_address_follows_to_stripe() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let customer = t.value("select stripe_customer_id from customers").await;
    let path = format!("/v1/customers/{customer}");
    let email = || t.stripe.call("GET", &path, &json!({})).unwrap()["email"].clone();
    let updates = || t.changes_at_stripe().iter().filter(|call| call.ends_with(&path)).count();
    let before = updates();
    for (user, address, told) in [
        (users::OWNER, "owner@acme.example", 1),
        (users::OWNER, "owner@acme.example", 1),
        (users::ADMIN, "new@acme.example", 2),
        (users::ADMIN, "new@acme.example", 2),
    ] {
        let opened = t.call_portal(from(user, address, &json!({ "orgId": t.org }))).await;
        assert_eq!(opened.status, 200);
        assert_eq!((email(), updates() - before), (json!(address), told), "{user}");
    }
    assert_eq!(t.value("select contact_user_id from customers").await, users::ADMIN);
}

#[tokio::test]
async fn a_customer_deleted_at_stripe_is_replaced_for_a_person_with_another_address_too() {
    let t = TestApp::start().await;
    assert_eq!(t.checkout_plan("pro", "month").await.status, 200);
    let first = t.value("select stripe_customer_id from customers").await;
    t.stripe.call("DELETE", &format!("/v1/customers/{first}"), &json!({})).unwrap();
    t.stripe.advance(120);
    let asked = |body: &Value| from(users::ADMIN, "admin@acme.example", body);
    t.call_portal(asked(&json!({ "orgId": t.org }))).await.assert_failure(404, "no_customer");
    let order = json!({ "orgId": t.org, "planCode": "pro", "interval": "month" });
    let bought = t.call_checkout(asked(&order)).await;
    assert_eq!(bought.status, 200, "{}", bought.body);
    assert_ne!(t.value("select stripe_customer_id from customers").await, first);
}

#[tokio::test]
async fn the_portal_is_of_the_subscription_that_explains_the_plan_and_not_of_one_whose_grace_is_over() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let first = t.value("select stripe_customer_id from customers").await;
    let second = t.customer_at_stripe(&json!({}));
    let failing =
        t.subscription_at_stripe(&second, "promptforge_enterprise_month", &json!({ "org_id": t.org }));
    t.deliver_all().await;
    assert_eq!(opens(&t, users::OWNER, &t.org).await, second);
    let over = format!(
        "update subscriptions set status = 'past_due', grace_until = now() - interval '1 day'
           where stripe_subscription_id = '{failing}';
         update entitlements set expires_at = now() - interval '1 day' where source_id = '{failing}'"
    );
    t.db.batch_execute(&over).await.unwrap();
    assert_eq!(opens(&t, users::OWNER, &t.org).await, first);
}
