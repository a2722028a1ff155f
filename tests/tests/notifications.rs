//! The outbox: a row in the commit that changed what an organization has, and none where nothing changed.

use serde_json::{Value, json};
use tests::{TestApp, users};

/// How many rows wait, of which organizations, in the order of `first` and `second`.
pub(crate) async fn waiting(t: &TestApp) -> (i64, i64) {
    let of = async |org: &str| {
        let sql = format!(
            "select count(*) from notifications where org_id = '{org}' and next_attempt_at is not null"
        );
        t.value(&sql).await.parse().unwrap()
    };
    (of(&t.org).await, of(&t.other_org).await)
}

/// Forgets what was noted so far.
pub(crate) async fn clear(t: &TestApp) {
    t.db.batch_execute("delete from notifications").await.unwrap();
}

/// What an operator's login may call.
async fn call(t: &TestApp, sql: &str) -> Value {
    let answer = t.value(&format!("select to_jsonb(x) from {sql} x")).await;
    serde_json::from_str(&answer).unwrap_or(Value::Null)
}

/// Takes what is due, as the function `notify` does.
pub(crate) async fn claim(t: &TestApp) -> Vec<Value> {
    let all =
        "(select coalesce(jsonb_agg(c order by c.version), '[]') from pf_claim_notifications(100, 60) c)";
    let answer = t.value(&format!("select {all}")).await;
    serde_json::from_str::<Value>(&answer).unwrap().as_array().cloned().unwrap()
}

/// Says of messages that all of them arrived.
pub(crate) async fn deliver(t: &TestApp, messages: &[Value]) {
    let outcomes: Vec<Value> = messages
        .iter()
        .map(|message| {
            let (org, version) = (&message["org_id"], &message["version"]);
            json!({ "org": org, "version": version, "posted": true, "put": true, "done": true })
        })
        .collect();
    t.value(&format!("select delivered from pf_settle_notifications('{}')", json!(outcomes))).await;
}

#[tokio::test]
async fn an_event_that_changes_what_an_organization_has_leaves_one_row_with_its_cause() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    clear(&t).await;
    let mut event = t.last_event("customer.subscription.created");
    event["type"] = json!("customer.subscription.updated");
    event["id"] = json!("evt_change");
    event["created"] = json!(t.now() + 3600);
    event["data"]["object"]["cancel_at_period_end"] = json!(true);
    event["data"]["object"]["items"]["data"][0]["price"]["lookup_key"] =
        json!("promptforge_enterprise_month");
    event["data"]["object"]["items"]["data"][0]["price"]["metadata"]["plan_code"] = json!("enterprise");
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(waiting(&t).await, (1, 0));
    assert_eq!(t.value("select cause from notifications").await, "evt_change");
    // The same once more, and what says nothing new.
    t.deliver(&event).await.assert_outcome("duplicate");
    event["id"] = json!("evt_same");
    event["created"] = json!(t.now() + 3700);
    t.deliver(&event).await.assert_outcome("applied");
    assert_eq!(waiting(&t).await, (1, 0));
}

#[tokio::test]
async fn a_transaction_that_is_rolled_back_leaves_no_row() {
    let t = TestApp::start().await;
    let sql = format!(
        "begin; select pf_override_entitlement('{}', 'hasAPI', true, null, 'ada', 'x'); rollback",
        t.org
    );
    t.db.batch_execute(&sql).await.unwrap();
    assert_eq!(waiting(&t).await, (0, 0));
    // Nor does a savepoint keep a later change of the same transaction from leaving one.
    let sql = format!(
        "begin; savepoint s; select pf_override_entitlement('{0}', 'hasAPI', true, null, 'ada', 'x');
         rollback to s; select pf_override_entitlement('{0}', 'hasAPI', true, null, 'ada', 'x'); commit",
        t.org
    );
    t.db.batch_execute(&sql).await.unwrap();
    assert_eq!(waiting(&t).await, (1, 0));
}

#[tokio::test]
async fn every_writer_leaves_a_row() {
    let t = TestApp::start().await;
    let whose = json!({ "org_id": t.org });
    t.subscription_at_stripe(&t.customer_at_stripe(&whose), "promptforge_pro_month", &whose);
    for (writer, arguments) in [
        ("a read", vec!["backfill", "--all"]),
        ("an override", vec!["grant", &t.org, "hasAPI", "--by", "ada", "--reason", "x"]),
        ("forgetting", vec!["forget", &t.org, "--yes-forget", &t.org, "--even-with-live-subscription"]),
    ] {
        clear(&t).await;
        let done = t.billing(&arguments).await;
        assert_eq!(waiting(&t).await, (1, 0), "{writer}: {done:?}");
    }
    clear(&t).await;
    let paid = t.payment_event(&t.org, "cs_1", "paid", &json!({ "addon_flags": "hasWhiteLabel" }));
    t.deliver(&paid).await.assert_outcome("applied");
    assert_eq!(waiting(&t).await, (1, 0), "an add-on");
    clear(&t).await;
    t.billing_json(0, &["addon", "end", &t.org, "cs_1", "--by", "ada", "--reason", "x"]).await;
    assert_eq!(waiting(&t).await, (1, 0), "an add-on that ends");
}

#[tokio::test]
async fn an_organization_that_the_application_deleted_is_forgotten_without_a_row() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.db.batch_execute(&format!("delete from own_organizations where id = '{}'", t.org)).await.unwrap();
    let sql = format!("select pf_forget_organization('{}', true, 'ada')", t.org);
    t.value(&sql).await;
    assert_eq!(waiting(&t).await, (0, 0));
}

#[tokio::test]
async fn a_change_of_the_catalogue_leaves_a_row_for_each_organization_that_gains_or_loses() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    clear(&t).await;
    let change = |dry: bool, plan: &str, seats: i64| {
        format!(
            "select pf_apply_catalogue(jsonb_set(billing_private.catalogue(),
               '{{plans,{plan},seats}}', '{seats}'), 'ada', {dry}, false)"
        )
    };
    t.value(&change(true, "pro", 7)).await;
    assert_eq!(waiting(&t).await, (0, 0), "a dry run");
    t.value(&change(false, "pro", 7)).await;
    assert_eq!(waiting(&t).await, (1, 0));
    assert_eq!(t.value("select cause from notifications").await, "ada");
    clear(&t).await;
    t.value(&change(false, "pilot", 2)).await;
    assert_eq!(waiting(&t).await, (0, 1));
    clear(&t).await;
    t.value(&change(false, "pilot", 2)).await;
    t.value(&change(false, "enterprise", 9)).await;
    assert_eq!(waiting(&t).await, (0, 0), "nobody has it");
}

#[tokio::test]
async fn several_rows_are_one_message_with_the_whole_answer_and_versions_grow() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.value(&format!("select pf_override_entitlement('{}', 'hasAPI', true, null, 'ada', 'x')", t.org)).await;
    assert!(waiting(&t).await.0 > 1);
    let first = claim(&t).await;
    assert_eq!(first.len(), 1);
    let read = t.entitlements(users::OWNER, &t.org).await;
    assert_eq!(first[0]["answer"]["features"], read.body["entitlements"]);
    assert_eq!(
        (&first[0]["answer"]["plan_code"], &first[0]["answer"]["seats_used"]),
        (&json!("pro"), &json!(3))
    );
    assert_eq!((&first[0]["post"], &first[0]["put"]), (&json!(true), &json!(true)));
    // It is somebody's for a while.
    assert_eq!(claim(&t).await, Vec::<Value>::new());
    deliver(&t, &first).await;
    assert_eq!(waiting(&t).await, (0, 0));
    // What comes back to what was told last is not told.
    let flag =
        |on: &str| format!("select pf_override_entitlement('{}', 'hasAPI', {on}, null, 'ada', 'x')", t.org);
    t.value(&flag("false")).await;
    t.value(&flag("true")).await;
    assert_eq!(claim(&t).await, Vec::<Value>::new());
    assert_eq!(waiting(&t).await, (0, 0));
    t.value(&flag("false")).await;
    let second = claim(&t).await;
    assert!(second[0]["version"].as_i64() > first[0]["version"].as_i64());
    assert_eq!(second[0]["answer"]["features"]["hasAPI"], false);
    // Nobody knows whether it arrived: so the same answer as before is news.
    t.value(&flag("true")).await;
    let third = claim(&t).await;
    assert_eq!(third[0]["answer"]["features"]["hasAPI"], true);
    deliver(&t, &third).await;
    assert_eq!(waiting(&t).await, (0, 0));
}

#[tokio::test]
async fn what_fails_is_due_again_later_each_time_and_is_given_up_after_three_days() {
    let t = TestApp::start().await;
    let flag =
        |on: &str| format!("select pf_override_entitlement('{}', 'hasAPI', {on}, null, 'ada', 'x')", t.org);
    t.value(&flag("true")).await;
    let due = "select extract(epoch from next_attempt_at - now())::integer from notifications";
    let mut pauses = Vec::new();
    for _ in 0..9 {
        t.db.batch_execute(
            "update notifications set next_attempt_at = now() where next_attempt_at is not null",
        )
        .await
        .unwrap();
        let [message] = claim(&t).await.try_into().unwrap();
        let failed = json!([{ "org": t.org, "version": message["version"], "posted": false, "put": true,
            "done": false, "gone": false, "error": "500" }]);
        call(&t, &format!("pf_settle_notifications('{failed}')")).await;
        pauses.push(t.value(due).await.parse::<i64>().unwrap());
    }
    for (pause, usual) in pauses.iter().zip([5, 60, 300, 1800, 7200, 18000, 36000, 36000, 36000]) {
        assert!((usual * 8 / 10 - 1..=usual * 12 / 10 + 1).contains(pause), "{pauses:?}");
    }
    assert_eq!(t.value("select concat_ws(' ', attempts, last_error) from notifications").await, "9 500");
    let three_days =
        "update notifications set next_attempt_at = now(), first_attempt_at = now() - interval '3 days'";
    t.db.batch_execute(three_days).await.unwrap();
    let [message] = claim(&t).await.try_into().unwrap();
    assert_eq!((&message["post"], &message["put"]), (&json!(true), &json!(false)), "the bus has it");
    let failed = json!([{ "org": t.org, "version": message["version"], "done": false, "error": "500" }]);
    let settled = call(&t, &format!("pf_settle_notifications('{failed}')")).await;
    assert_eq!(settled, json!({ "delivered": 0, "given_up": 1 }));
    assert_eq!(waiting(&t).await, (0, 0));
    // What is told later tells it, too.
    t.value(&flag("false")).await;
    let later = claim(&t).await;
    deliver(&t, &later).await;
    assert_eq!(t.value("select count(*) from notifications where given_up_at is not null").await, "0");
}

#[tokio::test]
async fn what_is_told_again_is_told_although_nothing_changed() {
    let t = TestApp::start().await;
    t.value(&format!("select pf_override_entitlement('{}', 'hasAPI', true, null, 'ada', 'x')", t.org)).await;
    let first = claim(&t).await;
    deliver(&t, &first).await;
    let id = first[0]["id"].as_str().unwrap();
    for (how, answer) in [
        (format!("'{{{}}}', null, '{{}}'", t.org), json!({ "organizations": 1, "unknown": [] })),
        ("'{}', now() - interval '1 hour', '{}'".to_owned(), json!({ "organizations": 1, "unknown": [] })),
        (format!("'{{}}', null, '{{{id},{}}}'", t.org), json!({ "organizations": 1, "unknown": [t.org] })),
        ("'{}', null, '{}'".to_owned(), json!({ "organizations": 0, "unknown": [] })),
    ] {
        let told = t.value(&format!("select pf_replay_notifications({how}, 'ada')")).await;
        assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), answer, "{how}");
        let again = claim(&t).await;
        assert_eq!(again.len() as i64, answer["organizations"].as_i64().unwrap(), "{how}");
        deliver(&t, &again).await;
    }
}

#[tokio::test]
async fn what_is_over_is_kept_for_a_month_and_what_nobody_is_told_for_a_week() {
    let t = TestApp::start().await;
    let rows = "insert into notifications (id, org_id, created_at, next_attempt_at, delivered_at) values
        (gen_random_uuid(), gen_random_uuid(), now() - interval '6 days', now(), null),
        (gen_random_uuid(), gen_random_uuid(), now() - interval '8 days', now(), null),
        (gen_random_uuid(), gen_random_uuid(), now() - interval '29 days', null, now() - interval '29 days'),
        (gen_random_uuid(), gen_random_uuid(), now() - interval '31 days', null, now() - interval '31 days')";
    t.db.batch_execute(rows).await.unwrap();
    assert_eq!(t.value("select pf_prune_notifications(1)").await, "1");
    assert_eq!(t.value("select pf_prune_notifications(100)").await, "1");
    assert_eq!(t.value("select pf_prune_notifications(100)").await, "0");
    assert_eq!(t.value("select count(*) from notifications").await, "2");
}
