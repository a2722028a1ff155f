//! `billing backfill`.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::join;
use serde_json::{Value, json};
use stripe_emulator::Fault;
use tests::{TestApp, operator, truth, users};
use uuid::Uuid;

/// Organizations with a customer and a subscription each at Stripe, of which we know nothing.
async fn unknown_subscriptions(t: &TestApp, count: usize) {
    let price = json!({ "lookup_keys": ["promptforge_pro_month"] });
    let price = t.stripe.call("GET", "/v1/prices", &price).unwrap()["data"][0]["id"].clone();
    let orgs: Vec<String> = (0..count).map(|_| Uuid::new_v4().to_string()).collect();
    let insert =
        "insert into own_organizations (id, name) select id::uuid, 'Many' from unnest($1::text[]) id";
    t.db.execute(insert, &[&orgs]).await.unwrap();
    for org in &orgs {
        let customer = t.stripe.call("POST", "/v1/customers", &json!({})).unwrap();
        let subscription = json!({
            "customer": customer["id"], "items": [{ "price": price }], "metadata": { "org_id": org },
        });
        t.stripe.create_subscription(&subscription).unwrap();
    }
}

/// Where each page of Stripe's list began, so far.
fn pages(t: &TestApp) -> Vec<String> {
    let calls = t.stripe.requests();
    let lists = calls.iter().filter(|call| call.path == "/v1/subscriptions" && call.status == 200);
    lists.map(|call| call.params["starting_after"].as_str().unwrap_or("top").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_subscriptions_interrupted_in_the_middle_are_each_written_once() {
    let t = TestApp::start().await;
    let started = Instant::now();
    unknown_subscriptions(&t, 5000).await;
    println!("5,000 subscriptions made in {:?}", started.elapsed());

    let context = t.billing_context(&[]);
    let command = ["backfill", "--all", "--rate", "100", "--json"];
    let started = Instant::now();
    let interrupt = async {
        while pages(&t).len() < 20 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        context.interrupted.store(true, Ordering::Relaxed);
    };
    let (first, ()) = join!(operator::run(&context, &command), interrupt);
    assert_eq!(first.status, 1, "{first:?}");
    let first: Value = serde_json::from_str(&first.output).unwrap();
    let done = first["checked"].as_u64().unwrap();
    assert!((2000..4000).contains(&done) && first["complete"] == false, "{done}");
    assert_eq!(t.value("select count(*) from subscriptions").await, done.to_string());

    let second = t.billing_json(0, &command[..4]).await;
    println!("read and written in {:?}", started.elapsed());
    assert_eq!(second["resumed_after"], first["stopped_after"]);
    assert_eq!(second["checked"], 5000 - done);
    let asked = pages(&t);
    assert_eq!((asked.len(), asked.iter().collect::<BTreeSet<_>>().len()), (50, 50), "no page twice");
    assert_eq!(t.value("select count(*) || ' ' || max(version) from subscriptions").await, "5000 1");
    let written = "select count(*) || ' ' || count(distinct telemetry ->> 'subscription') from runs
        where kind = 'subscription_status_changed'";
    assert_eq!(t.value(written).await, "5000 5000");
    assert_eq!(truth::differences(&t).await, [""; 0]);

    // What is complete begins at the top again, and finds nothing to do.
    let again = t.billing(&command[..4]).await;
    assert_eq!(
        again.output.trim(),
        "5000 subscriptions compared with Stripe in test mode: every row says what Stripe says."
    );
    assert_eq!(t.value("select max(version) from subscriptions").await, "1");
}

#[tokio::test]
async fn a_dry_run_tells_what_differs_and_leaves_no_trace_and_the_next_one_repairs() {
    let t = TestApp::start().await;
    let bought = t.buy("pro", "month").await;
    unknown_subscriptions(&t, 2).await;
    t.db.batch_execute("update subscriptions set status = 'canceled', quantity = 7").await.unwrap();
    let report = t.billing_json(1, &["backfill", "--all", "--dry-run"]).await;
    assert_eq!(
        (&report["drifted"], &report["missing"], &report["repaired"]),
        (&json!(1), &json!(2), &json!(0))
    );
    let drift = report["drift"].as_array().unwrap();
    let ours = drift.iter().find(|drift| drift["subscription"] == bought).unwrap();
    assert_eq!((&ours["differences"], &ours["org_id"]), (&json!(["quantity", "status"]), &json!(t.org)));
    assert_eq!(t.value("select count(*) from reconcile_cursors").await, "0");
    assert_eq!(t.value("select status from subscriptions").await, "canceled");
    let words = t.billing(&["backfill", "--all", "--dry-run"]).await.output;
    assert!(words.contains("quantity, status") && words.contains("Nothing was written"), "{words}");

    let words = t.billing(&["backfill", "--all"]).await;
    assert_eq!(words.status, 0, "{words:?}");
    assert!(words.output.contains("2 had no row, 1 differed. 3 written."), "{words:?}");
    assert_eq!(truth::differences(&t).await, [""; 0]);
    assert_eq!(t.entitlements(users::OWNER, &t.org).await.text("/planCode"), "pro");
}

#[tokio::test]
async fn one_organization_is_read_by_itself_whatever_names_it() {
    let t = TestApp::start().await;
    let id = t.buy("pro", "month").await;
    unknown_subscriptions(&t, 1).await;
    let customer = t.value("select stripe_customer_id from customers").await;
    for named in [&t.org, &customer, &id] {
        t.db.batch_execute("update subscriptions set plan_code = 'enterprise'").await.unwrap();
        let report = t.billing_json(0, &["backfill", "--org", named]).await;
        assert_eq!((&report["checked"], &report["repaired"]), (&json!(1), &json!(1)), "{named}");
        assert_eq!(t.value("select string_agg(plan_code, ' ') from subscriptions").await, "pro");
    }
    let nothing = t.billing(&["backfill", "--org", &t.other_org]).await;
    assert!(nothing.status == 0 && nothing.output.contains("no Stripe customer"), "{nothing:?}");
    // A row that Stripe knows nothing of is told, and not ended.
    t.db.batch_execute("update subscriptions set stripe_subscription_id = 'sub_elsewhere'").await.unwrap();
    let report = t.billing_json(1, &["backfill", "--org", &t.org]).await;
    assert_eq!((&report["unexplained"], &report["repaired"]), (&json!(1), &json!(1)));
    let status = "select status from subscriptions where stripe_subscription_id = 'sub_elsewhere'";
    assert_eq!(t.value(status).await, "active");
}

#[tokio::test]
async fn it_goes_on_after_stripe_was_down_and_restart_begins_at_the_top() {
    let t = TestApp::start().await;
    unknown_subscriptions(&t, 150).await;
    let list = || Fault { path_prefix: "/v1/subscriptions".into(), ..Fault::default() };
    t.stripe.fail(Fault { status: 200, ..list() });
    t.stripe.fail(Fault { status: 402, ..list() });
    let stopped = t.billing(&["backfill", "--all"]).await;
    assert_eq!(stopped.status, 5, "{stopped:?}");
    let (told, end) = stopped.output.split_once('\n').unwrap();
    assert_eq!(told, "100 subscriptions compared with Stripe in test mode, 100 had no row. 100 written.");
    assert!(end.starts_with("Cut off: ") && end.contains("billing backfill --all goes on there."), "{end}");
    assert_eq!(t.value("select count(*) from subscriptions").await, "100");
    assert_eq!(t.billing_json(0, &["backfill", "--all"]).await["checked"], 50);
    t.stripe.fail(Fault { status: 200, ..list() });
    t.stripe.fail(Fault { status: 402, ..list() });
    let told = t.billing_json(5, &["backfill", "--all"]).await;
    assert_eq!((&told["checked"], &told["cut_off"]["code"]), (&json!(100), &json!("stripe_refused")));
    assert_eq!(t.billing_json(0, &["backfill", "--all", "--restart"]).await["checked"], 150);
}

#[tokio::test]
async fn calls_keep_to_the_rate() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    t.db.batch_execute("update subscriptions set quantity = 7").await.unwrap();
    let started = Instant::now();
    // A page, and the row that differs once more by itself.
    t.billing_json(0, &["backfill", "--all", "--rate", "2"]).await;
    assert!(started.elapsed() >= Duration::from_millis(500), "{:?}", started.elapsed());
}

#[tokio::test]
async fn wrong_input_and_missing_parts_change_nothing() {
    let t = TestApp::start().await;
    t.assert_wrong_usage(&["backfill"], "--org <ORG>|--all").await;
    t.assert_wrong_usage(&["backfill", "--all", "--org", &t.org], "cannot be used with").await;
    t.assert_wrong_usage(&["backfill", "--org", "acme"], "expected an organization's id").await;
    t.assert_wrong_usage(&["backfill", "--all", "--rate", "0"], "1..=100").await;
    t.assert_wrong_usage(&["backfill", "--all", "--dry-run", "--restart"], "cannot be used with").await;
    let unknown = t.billing(&["backfill", "--org", &Uuid::new_v4().to_string()]).await;
    assert!(unknown.status == 1 && unknown.complaint.contains("No organization is known by"), "{unknown:?}");
    t.assert_needs(&["backfill", "--all"], true).await;
    assert_eq!(t.value("select count(*) from reconcile_cursors").await, "0");
}
