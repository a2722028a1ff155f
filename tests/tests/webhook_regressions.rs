//! POST /api/webhooks/stripe: cases that were wrong once, here or with others, and must not be again.

use serde_json::{Value, json};
use tests::{TestApp, users};

const AT: i64 = 1_790_000_000;

fn event(t: &TestApp, id: &str, kind: &str, created: i64, status: &str, lookup_key: &str) -> Value {
    json!({
        "id": id, "type": kind, "created": created, "livemode": false, "api_version": "2026-10-28.endive",
        "data": { "object": {
            "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": status, "created": AT,
            "livemode": false,
            "metadata": { "org_id": t.org },
            "items": { "data": [{ "id": "si_1", "quantity": 1,
                "price": { "id": lookup_key, "lookup_key": lookup_key } }] }
        } }
    })
}

const PRO: &str = "promptforge_pro_month";

#[tokio::test]
async fn updated_before_created_ends_active() {
    let t = TestApp::start().await;
    t.deliver(&event(&t, "evt_2", "customer.subscription.updated", AT + 1, "active", PRO))
        .await
        .assert_outcome("applied");
    t.deliver(&event(&t, "evt_1", "customer.subscription.created", AT, "incomplete", PRO))
        .await
        .assert_outcome("stale");
    assert_eq!(t.value("select status from subscriptions").await, "active");
}

#[tokio::test]
async fn created_with_incomplete_that_comes_days_late_takes_nothing_away() {
    let t = TestApp::start().await;
    t.deliver(&event(&t, "evt_2", "customer.subscription.updated", AT + 3, "active", PRO))
        .await
        .assert_outcome("applied");
    t.deliver(&event(
        &t,
        "evt_3",
        "customer.subscription.updated",
        AT + 86_400,
        "active",
        "promptforge_enterprise_month",
    ))
    .await
    .assert_outcome("applied");
    t.deliver(&event(&t, "evt_1", "customer.subscription.created", AT, "incomplete", PRO))
        .await
        .assert_outcome("stale");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "enterprise");
}

#[tokio::test]
async fn the_purchase_in_one_second_is_active_in_every_order_of_its_events() {
    // created (incomplete), updated (active), invoice and session, all of one second.
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 0, 1, 3], [0, 3, 1, 2]] {
        let t = TestApp::start().await;
        t.stripe.set_now(t.now() - 3600);
        let session = t.checkout_plan("pro", "month").await;
        t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
        let kinds = [
            "customer.subscription.created",
            "customer.subscription.updated",
            "invoice.paid",
            "checkout.session.completed",
        ];
        for index in order {
            assert_eq!(t.deliver(&t.last_event(kinds[index])).await.status, 200);
        }
        let answer = t.entitlements(users::OWNER, &t.org).await;
        assert_eq!((answer.text("/planCode"), answer.text("/status")), ("pro", "active"), "{order:?}");
    }
}

#[tokio::test]
async fn a_failure_date_is_that_of_the_failure_and_not_of_a_late_event() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    t.stripe.renew(&subscription, false).unwrap();
    // An invoice event of ten days ago that comes now makes us read what failed just now: the grace period
    // begins now.
    let mut late = t.last_event("invoice.payment_failed");
    late["id"] = json!("evt_late");
    t.db.batch_execute("update subscriptions set known_through = 0").await.unwrap();
    late["created"] = json!(t.now() - 10 * 86_400);
    t.deliver(&late).await.assert_outcome("applied");
    let answer = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((answer.text("/planCode"), answer.text("/status")), ("pro", "past_due"));
    assert_eq!(t.value("select grace_until > now() + interval '6 days' from subscriptions").await, "true");
}

#[tokio::test]
async fn a_subscription_that_moves_to_another_organization_leaves_nothing_behind() {
    let t = TestApp::start().await;
    t.deliver(&event(&t, "evt_1", "customer.subscription.updated", AT, "active", PRO))
        .await
        .assert_outcome("applied");
    let mut moved = event(&t, "evt_2", "customer.subscription.updated", AT + 10, "active", PRO);
    moved["data"]["object"]["metadata"]["org_id"] = json!(t.other_org);
    t.deliver(&moved).await.assert_outcome("applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pilot");
    assert_eq!(t.entitlements(users::OUTSIDER, &t.other_org).await.text("/planCode"), "pro");
}

#[tokio::test]
async fn a_deadlock_or_serialization_failure_is_tried_again_and_not_told() {
    for code in ["40P01", "40001"] {
        let t = TestApp::start().await;
        // Fails twice, then no more: a sequence is not rolled back.
        let planted = format!(
            "create sequence tries; grant usage on sequence tries to public;
             create function fail_twice() returns trigger language plpgsql set search_path = billing as $$
             begin
               if nextval('tries') <= 2 then raise exception 'planted' using errcode = '{code}'; end if;
               return new;
             end $$;
             create trigger fail_twice before insert on subscriptions
               for each row execute function fail_twice()"
        );
        t.db.batch_execute(&planted).await.unwrap();
        t.deliver(&event(&t, "evt_1", "customer.subscription.updated", AT, "active", PRO))
            .await
            .assert_outcome("applied");
        assert_eq!(
            t.value("select concat_ws(' ', attempts, status) from webhook_events").await,
            "1 processed"
        );
        t.db.batch_execute("alter sequence tries restart; delete from subscriptions").await.unwrap();
        t.db.batch_execute("alter sequence tries increment by -1 minvalue -100 restart with 0")
            .await
            .unwrap();
        t.deliver(&event(&t, "evt_2", "customer.subscription.updated", AT + 5, "active", PRO))
            .await
            .assert_failure(500, "processing_failed");
        assert_eq!(t.value("select status from webhook_events where event_id = 'evt_2'").await, "failed");
    }
}

#[tokio::test]
async fn a_read_counts_for_the_organization_that_stripe_names_and_not_for_the_one_an_old_invoice_names() {
    let t = TestApp::start().await;
    let subscription = t.buy("pro", "month").await;
    let mut invoice = t.last_event("invoice.paid");
    invoice["id"] = json!("evt_late_invoice");
    t.stripe
        .call(
            "POST",
            &format!("/v1/subscriptions/{subscription}"),
            &json!({ "metadata": { "org_id": t.other_org } }),
        )
        .unwrap();
    t.db.batch_execute("update subscriptions set known_through = 0").await.unwrap();
    t.deliver(&invoice).await.assert_outcome("applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pilot");
    assert_eq!(t.entitlements(users::OUTSIDER, &t.other_org).await.text("/planCode"), "pro");
}

#[tokio::test]
async fn test_payments_neither_take_nor_give_anything_once_a_database_is_live() {
    let t = TestApp::start().await;
    t.deliver(&event(&t, "evt_1", "customer.subscription.updated", AT, "active", PRO))
        .await
        .assert_outcome("applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
    let live = format!(
        "insert into customers (org_id, livemode, stripe_customer_id) values ('{org}', true, 'cus_live');
         insert into subscriptions
           select (jsonb_populate_record(s, jsonb_build_object(
             'stripe_subscription_id', 'sub_live', 'livemode', true, 'plan_code', 'enterprise',
             'items', jsonb_build_array(jsonb_build_object('plan', 'enterprise'))))).*
           from subscriptions s;
         select billing_private.apply_subscriptions('{org}', true, 'live')",
        org = t.org
    );
    t.db.batch_execute(&live).await.unwrap();
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "enterprise");
    t.deliver(&event(&t, "evt_2", "customer.subscription.deleted", AT + 10, "canceled", PRO))
        .await
        .assert_outcome("applied");
    let after = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!((after.text("/planCode"), after.text("/status")), ("enterprise", "active"));
    // Of another organization that only ever paid in test mode nothing is left.
    t.db.execute(
        "insert into entitlements (org_id, source, livemode, plan_code, units, extra_seats, own)
          values ($1::text::uuid, 'plan', false, 'pro', 1, 0, true)",
        &[&t.other_org],
    )
    .await
    .unwrap();
    assert_eq!(t.entitlements(users::OUTSIDER, &t.other_org).await.text("/planCode"), "pilot");
}

#[tokio::test]
async fn the_subscription_that_is_shown_is_the_one_that_grants_the_plan() {
    let t = TestApp::start().await;
    let mut paid = event(&t, "evt_1", "customer.subscription.updated", AT, "active", PRO);
    paid["data"]["object"]["items"]["data"][0]["quantity"] = json!(5);
    t.deliver(&paid).await.assert_outcome("applied");
    for (id, status, pause) in
        [("sub_2", "past_due", Value::Null), ("sub_3", "active", json!({ "behavior": "void" }))]
    {
        let mut other =
            event(&t, &format!("evt_{id}"), "customer.subscription.updated", AT - 100_000, status, PRO);
        other["data"]["object"]["id"] = json!(id);
        other["data"]["object"]["created"] = json!(AT + 50);
        other["data"]["object"]["pause_collection"] = pause;
        t.deliver(&other).await.assert_outcome("applied");
    }
    t.db.batch_execute("update subscriptions set grace_until = now() where status = 'past_due'")
        .await
        .unwrap();
    let answer = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!(
        (answer.text("/status"), &answer.body["seats"], &answer.body["graceEndsAt"]),
        ("active", &json!(5), &Value::Null)
    );
}

#[tokio::test]
async fn a_quantity_beyond_all_reason_breaks_no_answer() {
    let t = TestApp::start().await;
    let mut event =
        event(&t, "evt_1", "customer.subscription.updated", AT, "active", "promptforge_enterprise_month");
    event["data"]["object"]["items"]["data"][0]["quantity"] = json!(2_000_000_000);
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.body["seats"], i32::MAX);
}

#[tokio::test]
async fn who_pays_by_a_link_for_somebody_elses_organization_does_not_become_its_customer() {
    let t = TestApp::start().await;
    let link = |id: &str, metadata: Value| {
        json!({ "id": id, "type": "checkout.session.completed", "created": AT, "livemode": false,
            "data": { "object": { "id": format!("cs_{id}"), "mode": "payment", "livemode": false,
                "payment_status": "paid", "customer": "cus_stranger", "client_reference_id": t.org,
                "metadata": metadata } } })
    };
    t.deliver(&link("evt_1", json!({}))).await.assert_outcome("applied");
    assert_eq!(t.value("select count(*) from customers").await, "0");
    assert_eq!(t.value("select count(*) from payments").await, "1");
    t.deliver(&link("evt_2", json!({ "org_id": t.org }))).await.assert_outcome("applied");
    assert_eq!(t.value("select string_agg(stripe_customer_id, '') from customers").await, "cus_stranger");
}

#[tokio::test]
async fn an_event_that_waited_while_its_subscription_moved_does_not_move_it_back() {
    let t = TestApp::start().await;
    t.deliver(&event(&t, "evt_1", "customer.subscription.updated", AT, "active", PRO))
        .await
        .assert_outcome("applied");
    let mut unnamed = event(&t, "evt_2", "customer.subscription.updated", AT + 20, "active", PRO);
    unnamed["data"]["object"]["metadata"] = json!({});
    let other = t.database.connect().await;
    let moving = format!(
        "begin; select billing_private.lock_organizations(array['{0}', '{1}']::uuid[]);
         update subscriptions set org_id = '{1}', version = version + 1",
        t.org, t.other_org
    );
    other.batch_execute(&moving).await.unwrap();
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    let (answer, ()) = futures_util::join!(t.deliver(&unnamed), async {
        while t.value(waiting).await == "0" {
            tokio::task::yield_now().await;
        }
        other.batch_execute("commit").await.unwrap();
    });
    answer.assert_outcome("applied");
    assert_eq!(t.value("select org_id from subscriptions").await, t.other_org);
}
