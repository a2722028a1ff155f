//! An organization that the application deletes while it pays: nobody has anything of it, its rows stay true,
//! and somebody is told.

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use serde_json::{Value, json};
use tests::said::{event, item, said};
use tests::{TestApp, users};

async fn delete(t: &TestApp) {
    t.db.batch_execute(&format!("delete from own_organizations where id = '{}'", t.org)).await.unwrap();
}

async fn restore(t: &TestApp) {
    let rows = format!(
        "insert into own_organizations (id, name) values ('{org}', 'First');
            insert into own_members (org_id, user_id, role) values ('{org}', '{}', 'owner')",
        users::OWNER,
        org = t.org
    );
    t.db.batch_execute(&rows).await.unwrap();
}

/// Delivers what is new at Stripe and returns the outcomes, which all came with 200.
async fn outcomes(t: &TestApp, from: usize) -> Vec<String> {
    let mut all = Vec::new();
    for event in t.stripe.events_after(from) {
        let answer = t.deliver(&event).await;
        assert_eq!(answer.status, 200, "{event}: {}", answer.body);
        all.push(answer.text("/outcome").to_owned());
    }
    all
}

/// What is kept of the organization: rows of each table.
async fn kept(t: &TestApp) -> String {
    let tables = ["customers", "subscriptions", "payments", "entitlements", "webhook_events", "runs"];
    let counts = tables.map(|table| format!("(select count(*) from {table} where org_id = '{}')", t.org));
    t.value(&format!("select concat_ws(' ', {})", counts.join(", "))).await
}

#[tokio::test]
async fn its_events_are_ignored_with_200_it_is_noted_once_and_its_row_stays_true() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    delete(&t).await;
    let before = t.stripe.events().len();
    t.stripe.advance(60);
    t.stripe.change_plan(&subscription, "promptforge_enterprise_month").unwrap();
    t.stripe.advance(60);
    t.stripe.change_quantity(&subscription, 3).unwrap();
    let outcomes = outcomes(&t, before).await;
    assert!(outcomes.len() > 1 && outcomes.iter().all(|outcome| outcome == "ignored"), "{outcomes:?}");
    let noted =
        format!("select count(*) from runs where kind = 'organization_gone' and org_id = '{}'", t.org);
    assert_eq!(t.value(&noted).await, "1");
    assert_eq!(t.value("select plan_code || ' ' || quantity from subscriptions").await, "enterprise 3");
    t.entitlements(users::OWNER, &t.org).await.assert_failure(403, "not_a_member");
    assert_eq!(t.value("select count(*) from plan_effective where plan_code <> 'pilot'").await, "0");
    // The comparison with Stripe keeps it true as well, and says nothing new.
    assert!(t.reconcile().await.is_well());
    assert_eq!(t.value(&noted).await, "1");
}

#[tokio::test]
async fn one_that_the_application_restores_has_at_once_what_it_pays_for_now() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    delete(&t).await;
    let before = t.stripe.events().len();
    t.stripe.advance(60);
    t.stripe.change_plan(&subscription, "promptforge_enterprise_month").unwrap();
    outcomes(&t, before).await;
    restore(&t).await;
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "enterprise");
    let portal = t.portal(users::OWNER, &json!({ "orgId": t.org })).await;
    assert_eq!(portal.status, 200, "{}", portal.body);
    let before = t.stripe.events().len();
    t.stripe.advance(60);
    t.stripe.change_plan(&subscription, "promptforge_pro_month").unwrap();
    assert!(outcomes(&t, before).await.contains(&"applied".to_owned()));
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
}

#[tokio::test]
async fn it_can_be_forgotten_and_what_comes_later_of_what_ended_leaves_no_trace() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    delete(&t).await;
    let refused = t.billing(&["forget", &t.org, "--yes-forget", &t.org]).await;
    assert!(
        refused.status == 1 && refused.complaint.contains(&format!("{subscription} is live")),
        "{refused:?}"
    );
    t.stripe.advance(60);
    t.stripe.cancel_now(&subscription).unwrap();
    t.deliver_all().await;
    let forgotten = t.billing(&["forget", &t.org, "--yes-forget", &t.org]).await;
    assert_eq!(forgotten.status, 0, "{forgotten:?}");
    assert!(forgotten.output.contains("The application has no such organization any more."), "{forgotten:?}");
    assert_eq!(kept(&t).await, "0 0 0 0 0 0");
    // Late events, and those that Stripe sends again: of the subscription, of an invoice, of a one-time
    // payment.
    let mut late = t.last_event("customer.subscription.deleted");
    late["id"] = json!("evt_late");
    let mut invoice = t.last_event("invoice.paid");
    invoice["id"] = json!("evt_late_invoice");
    invoice["created"] = json!(t.now() + 100);
    let payment = json!({
        "id": "evt_late_payment", "object": "event", "type": "checkout.session.completed", "created": t.now(),
        "livemode": false, "api_version": "2026-10-28.endive",
        "data": { "object": { "id": "cs_late", "object": "checkout.session", "mode": "payment",
            "payment_status": "paid", "livemode": false,
          "amount_total": 500, "currency": "usd", "client_reference_id": t.org,
          "metadata": { "org_id": t.org, "addon_flags": "hasAPI" } } }
    });
    for event in t.stripe.events().iter().chain([&late, &invoice, &payment]) {
        let answer = t.deliver(event).await;
        assert_eq!((answer.status, answer.text("/outcome")), (200, "ignored"), "{event}: {}", answer.body);
        let kind = event["type"].as_str().unwrap();
        let again = if shared::stripe::event::PROCESSED.contains(&kind) { "duplicate" } else { "ignored" };
        assert_eq!(t.deliver(event).await.text("/outcome"), again, "{kind}");
    }
    t.reconcile().await;
    t.billing(&["backfill", "--all"]).await;
    assert_eq!(kept(&t).await, "0 0 0 0 0 0");
    let named = format!(
        "select count(*) from (select w::text as row from webhook_events w
         union all select r::text from runs r) all_rows where row like '%{}%'",
        t.org
    );
    assert_eq!(t.value(&named).await, "0");
}

#[tokio::test]
async fn what_names_a_forgotten_one_only_by_its_customer_is_no_error_either() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let customer = t.value("select stripe_customer_id from customers").await;
    let prices =
        t.stripe.call("GET", "/v1/prices", &json!({ "lookup_keys": ["promptforge_pro_month"] })).unwrap();
    let unnamed = json!({ "customer": customer, "items": [{ "price": prices["data"][0]["id"] }] });
    let unnamed = t.stripe.create_subscription(&unnamed).unwrap();
    t.deliver_all().await;
    delete(&t).await;
    for subscription in t.stripe.subscription_ids() {
        t.stripe.advance(60);
        t.stripe.cancel_now(&subscription).unwrap();
    }
    t.deliver_all().await;
    assert_eq!(t.billing(&["forget", &t.org, "--yes-forget", &t.org]).await.status, 0);
    for event in
        t.stripe.events().iter().filter(|event| event.to_string().contains(unnamed["id"].as_str().unwrap()))
    {
        let answer = t.deliver(event).await;
        assert_eq!((answer.status, answer.text("/outcome")), (200, "ignored"), "{event}: {}", answer.body);
    }
    assert_eq!(kept(&t).await, "0 0 0 0 0 0");
    // Somebody else's is an error as ever.
    t.subscribe(&json!({}));
    t.deliver(&t.last_event("customer.subscription.created")).await.assert_failure(400, "missing_org_id");
}

#[tokio::test]
async fn one_that_still_pays_is_counted_by_each_reconciliation_and_fails_the_doctor() {
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let counted = || {
        let all = metrics.snapshot().into_vec();
        all.into_iter().find_map(|(key, _, _, value)| match value {
            DebugValue::Counter(count) if key.key().name() == "SubscriptionsWithoutOrganization" => {
                Some(count)
            }
            _ => None,
        })
    };
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    assert_eq!(t.reconcile().await.without_organization, 0);
    assert_eq!(counted(), Some(0));
    delete(&t).await;
    // Of the other mode it is another deployment's to tell.
    t.db.batch_execute(
        "insert into subscriptions
          select (jsonb_populate_record(s,
            '{\"stripe_subscription_id\": \"sub_live\", \"livemode\": true}')).* from subscriptions s",
    )
    .await
    .unwrap();
    let report = t.reconcile().await;
    assert_eq!((report.without_organization, report.is_well()), (1, true), "{report:?}");
    assert_eq!(counted(), Some(1));
    let printed = t.billing(&["reconcile"]).await.output;
    assert!(
        printed.contains("1 live subscription of an organization that was deleted: see billing doctor"),
        "{printed}"
    );
    let doctor = t.billing_json(1, &["doctor"]).await;
    let check = doctor["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["check"] == "organizations_gone")
        .unwrap()
        .clone();
    assert_eq!(check["status"], "failing");
    assert!(check["found"].as_str().unwrap().contains(&format!("{subscription} of {}", t.org)), "{check}");
    counted();
    t.stripe.advance(60);
    t.stripe.cancel_now(&subscription).unwrap();
    t.deliver_all().await;
    assert_eq!(t.reconcile().await.without_organization, 0);
    assert_eq!(counted(), Some(0));
}

#[tokio::test]
async fn whoever_names_it_in_a_new_subscription_is_no_error_that_comes_again_for_ever() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    delete(&t).await;
    let before = t.stripe.events().len();
    t.subscribe(&json!({ "org_id": t.org }));
    let outcomes = outcomes(&t, before).await;
    assert!(!outcomes.is_empty() && outcomes.iter().all(|outcome| outcome == "ignored"), "{outcomes:?}");
    assert_eq!(t.value("select count(*) from webhook_events where status <> 'processed'").await, "0");
    let rows: Value = t.billing_json(1, &["doctor"]).await;
    assert!(rows.to_string().contains("organizations_gone"));
}

#[tokio::test]
async fn what_is_paid_for_it_goes_to_nobody_else_who_pays_with_the_same_customer() {
    for forgotten in [false, true] {
        let t = TestApp::start().await;
        let at = t.now() - 1000;
        let of = |name: &str, org: &str, created: i64| said(created).of(name, "cus_1").named(org);
        t.say(&of("sub_other", &t.other_org, at)).await.assert_outcome("applied");
        t.say(&of("sub_1", &t.org, at)).await.assert_outcome("applied");
        delete(&t).await;
        if forgotten {
            t.say(&of("sub_1", &t.org, at + 1).status("canceled")).await.assert_outcome("ignored");
            let forget = format!("select billing.pf_forget_organization('{}', true, 'ada')", t.org);
            t.value(&forget).await;
        }
        let more = [item("promptforge_enterprise_month", 10)];
        t.say(&of("sub_2", &t.org, at + 2).items(&more)).await;
        let other = t.entitlements(users::OUTSIDER, &t.other_org).await;
        assert_eq!((other.text("/planCode"), &other.body["seats"]), ("pro", &json!(1)), "{forgotten}");
        let whose = format!("select count(*) from subscriptions where org_id = '{}'", t.other_org);
        assert_eq!(t.value(&whose).await, "1");
    }
}

#[tokio::test]
async fn one_that_only_ever_bought_an_add_on_is_known_too() {
    let t = TestApp::start().await;
    let bought = |id: &str, session: &str| {
        let metadata = json!({ "org_id": t.org, "addon_flags": "hasAPI" });
        let session = json!({ "id": session, "object": "checkout.session", "mode": "payment",
            "livemode": false, "payment_status": "paid", "amount_total": 1500, "currency": "usd",
            "customer": null, "subscription": null, "metadata": metadata });
        event(id, "checkout.session.completed", t.now(), session)
    };
    t.deliver(&bought("evt_1", "cs_1")).await.assert_outcome("applied");
    delete(&t).await;
    t.deliver(&bought("evt_2", "cs_2")).await.assert_outcome("ignored");
}

#[tokio::test]
async fn a_read_that_shows_whose_customer_pays_gives_it_to_nobody_else_either() {
    let t = TestApp::start().await;
    let customer = t.customer_at_stripe(&json!({ "org_id": t.other_org }));
    let bought = |org: &str| {
        t.subscription_at_stripe(&customer, "promptforge_enterprise_month", &json!({ "org_id": org }))
    };
    bought(&t.org);
    t.deliver_all().await;
    delete(&t).await;
    t.stripe.advance(60);
    bought(&t.org);
    t.deliver_all().await;
    t.reconcile().await;
    let other = t.entitlements(users::OUTSIDER, &t.other_org).await;
    assert_eq!(other.text("/planCode"), "pilot");
    let whose = format!("select count(*) from subscriptions where org_id = '{}'", t.org);
    assert_eq!(t.value(&whose).await, "2");
}
