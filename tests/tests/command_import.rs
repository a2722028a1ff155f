//! `billing import`: what comes of it where nothing is amiss.

use serde_json::json;
use tests::{TestApp, TestFile, truth, users};

#[tokio::test]
async fn a_customer_who_pays_already_has_its_plan_at_once_and_every_trace_says_who_did_it() {
    let t = TestApp::start().await;
    let customer = t.customer_at_stripe(&json!({ "tier": "gold" }));
    let id = t.subscription_at_stripe(&customer, "promptforge_pro_month", &json!({}));
    let file = TestFile::customers(&[(&t.org, &customer)]);
    let before = t.stripe.requests().len();
    let report = t.billing_json(0, &["import", "--customers", file.path(), "--by", "ada"]).await;
    let done = &report["organizations"][0];
    assert_eq!(
        (&done["done"], &done["metadata"], &done["subscriptions"]),
        (&json!("created"), &json!("updated"), &json!(1))
    );
    assert_eq!(done["before"], json!({ "plan_code": "pilot", "status": null }));
    assert_eq!(done["plan"], json!({ "plan_code": "pro", "status": "active" }));
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    assert_eq!(truth::differences(&t).await, [""; 0]);
    let audit = "select string_agg(concat_ws(' ', org_id, telemetry ->> 'to', telemetry ->> 'cause',
          telemetry ->> 'source'), ';')
        from runs where kind = 'customer_imported'";
    let name = file.path().rsplit('/').next().unwrap();
    assert_eq!(t.value(audit).await, format!("{} {customer} ada {name}", t.org));
    // At Stripe one key of the metadata is new, and nothing else.
    let calls = t.stripe.requests();
    let posts: Vec<_> = calls[before..].iter().filter(|call| call.method != "GET").collect();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].path, format!("/v1/customers/{customer}"));
    assert_eq!(posts[0].params, json!({ "metadata": { "org_id": t.org } }));
    let at_stripe = t.stripe.call("GET", &format!("/v1/customers/{customer}"), &json!({})).unwrap();
    assert_eq!(at_stripe["metadata"], json!({ "tier": "gold", "org_id": t.org }));
    // Its subscription names nobody, and belongs to the organization through its customer: events count, and
    // the portal opens.
    t.stripe.advance(60);
    t.stripe.change_plan(&id, "promptforge_enterprise_month").unwrap();
    t.deliver_all().await;
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "enterprise");
    assert_eq!(t.portal(users::OWNER, &json!({ "orgId": t.org })).await.status, 200);
}

#[tokio::test]
async fn what_a_stranger_seemed_to_pay_for_is_its_own_and_the_history_says_by_whom() {
    let t = TestApp::start().await;
    let (id, customer) = t.buy_by_link(&t.org, "pro").await;
    let file = TestFile::customers(&[(&t.org, &customer)]);
    t.billing_json(0, &["import", "--customers", file.path(), "--by", "ada"]).await;
    let newest = format!(
        "select distinct on (key) concat_ws(' ', state ->> 'own', cause) from history
         where kind = 'subscriptions' and key = '{id}' and state ->> 'own' = 'true' order by key, id"
    );
    assert_eq!(t.value(&newest).await, "true ada");
}

#[tokio::test]
async fn a_second_run_changes_nothing_at_all() {
    let t = TestApp::start().await;
    let orgs = t.more_organizations(3).await;
    let customers =
        [t.paying_at_stripe("pro"), t.paying_at_stripe("enterprise"), t.customer_at_stripe(&json!({}))];
    let file = TestFile::customers(&[
        (&orgs[0], &customers[0]),
        (&orgs[1], &customers[1]),
        (&orgs[2], &customers[2]),
    ]);
    let first = t.billing_json(0, &["import", "--customers", file.path()]).await;
    assert_eq!(
        (&first["stored"], &first["metadata_written"], &first["subscriptions_written"]),
        (&json!(3), &json!(3), &json!(2))
    );
    let (rows, events, changes) =
        (t.billing_rows().await, t.stripe.events().len(), t.changes_at_stripe().len());
    let second = t.billing_json(0, &["import", "--customers", file.path()]).await;
    assert_eq!(
        (&second["stored"], &second["metadata_written"], &second["subscriptions_written"]),
        (&json!(0), &json!(0), &json!(0))
    );
    assert_eq!(second["organizations"].as_array().unwrap().len(), 3);
    assert_eq!(
        (t.billing_rows().await, t.stripe.events().len(), t.changes_at_stripe().len()),
        (rows, events, changes)
    );
    let words = t.billing(&["import", "--customers", file.path()]).await.output;
    assert!(
        words.ends_with(
            "3 customers in test mode: 0 stored, 3 as before; 0 with org_id at Stripe, 0 subscriptions \
             written."
        ),
        "{words}"
    );
}

#[tokio::test]
async fn a_dry_run_tells_what_each_organization_would_have_and_leaves_no_trace() {
    let t = TestApp::start().await;
    let orgs = t.more_organizations(2).await;
    let late = t.paying_at_stripe("enterprise");
    let id = t.stripe.subscriptions()[0]["id"].as_str().unwrap().to_owned();
    t.stripe.set_status(&id, "past_due").unwrap();
    let (paying, free) = (t.paying_at_stripe("pro"), t.customer_at_stripe(&json!({})));
    let file = TestFile::customers(&[(&t.org, &paying), (&orgs[0], &late), (&orgs[1], &free)]);
    let (rows, changes) = (t.billing_rows().await, t.changes_at_stripe());
    let arguments = ["import", "--customers", file.path(), "--dry-run"];
    let report = t.billing_json(0, &arguments).await;
    assert_eq!(
        (&report["dry_run"], &report["stored"], &report["subscriptions_written"]),
        (&json!(true), &json!(3), &json!(2))
    );
    let told = |org: &str| {
        let all = report["organizations"].as_array().unwrap();
        all.iter().find(|one| one["organization"]["id"] == org).unwrap()["plan"].clone()
    };
    assert_eq!(told(&t.org), json!({ "plan_code": "pro", "status": "active" }));
    assert_eq!(told(&orgs[0]), json!({ "plan_code": "enterprise", "status": "past_due" }));
    assert_eq!(told(&orgs[1]), json!({ "plan_code": "pilot", "status": null }));
    let words = t.billing(&arguments).await.output;
    assert!(
        words.contains("would write customer, metadata, 1 subscription  pilot        enterprise  past_due"),
        "{words}"
    );
    assert!(
        words.contains(
            "3 to store, 0 as before; 3 with org_id at Stripe, 2 subscriptions to write. Nothing was written."
        ),
        "{words}"
    );
    assert_eq!((t.billing_rows().await, t.changes_at_stripe()), (rows, changes));
    // And so it comes.
    let done = t.billing_json(0, &arguments[..3]).await;
    assert_eq!(done["organizations"], report["organizations"]);
    assert_eq!(truth::differences(&t).await, [""; 0]);
}

#[tokio::test]
async fn wrong_input_and_missing_parts_change_nothing() {
    let t = TestApp::start().await;
    t.assert_wrong_usage(&["import"], "<--customers <FILE>|--from-table <TABLE>|--metadata-key <KEY>>").await;
    t.assert_wrong_usage(&["import", "--customers", "a", "--metadata-key", "b"], "cannot be used with").await;
    t.assert_wrong_usage(&["import", "--customers", "a", "--org-column", "b"], "cannot be used with").await;
    t.assert_wrong_usage(&["import", "--metadata-key", " "], "it must say something").await;
    t.assert_wrong_usage(&["import", "--from-table", "a", "--dry-run", "--restart"], "cannot be used with")
        .await;
    t.assert_wrong_usage(&["import", "--from-table", "a.b.c"], "a.b.c is no table's name").await;
    t.assert_needs(&["import", "--metadata-key", "orgId"], true).await;
    assert_eq!(t.value("select count(*) from reconcile_cursors").await, "0");
}
