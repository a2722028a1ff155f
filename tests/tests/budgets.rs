//! What a request costs, as far as it can be counted, is within the budgets of `bench/budgets.yaml`: round
//! trips and messages to the database, statements that it executes, allocations of the function.

use serde_json::{Value, json};
use stripe_emulator::sign;
use tests::budget::Budgets;
use tests::event::envelope;
use tests::program::{Program, of_this_build};
use tests::runtime_api::RuntimeApi;
use tests::wire::{Traffic, Wire};
use tests::{TestApp, users};

const WEBHOOK_SECRET: &str = "whsec_budget";

/// An app whose functions reach the database through a tapped wire, with a subscription.
async fn tapped() -> (TestApp, Wire) {
    let mut t = TestApp::start().await;
    t.buy("pro", "month").await;
    let wire = Wire::tap(&t.database.url("postgres")).await;
    for login in ["billing_events", "billing_reader", "billing_checkout"] {
        wire.explain(&t.db, login).await;
    }
    t.connect_through(|login| wire.url(login));
    (t, wire)
}

/// A new event that moves the bought subscription to another plan; `number` counts from 1.
fn changed(t: &TestApp, number: i64) -> Value {
    let mut event = t.last_event("customer.subscription.created");
    let plan = if number % 2 == 0 { "pro" } else { "enterprise" };
    event["type"] = json!("customer.subscription.updated");
    event["id"] = json!(format!("evt_budget{number}"));
    // Later than any read of Stripe may have seen: no event needs another one.
    event["created"] = json!(t.now() + 3600 + number);
    event["data"]["object"]["status"] = json!("active");
    let price = &mut event["data"]["object"]["items"]["data"][0]["price"];
    price["id"] = json!(format!("price_of_{plan}"));
    price["lookup_key"] = json!(format!("promptforge_{plan}_month"));
    price["metadata"]["plan_code"] = json!(plan);
    event
}

/// A failure shows the statements.
fn hold(function: &str, traffic: &Traffic) {
    let counted = [
        (function, "round_trips", traffic.round_trips),
        (function, "messages", traffic.messages),
        (function, "statements", traffic.executed.len() as u64),
    ];
    assert!(!traffic.executed.is_empty(), "auto_explain tells of the statements");
    if let Err(exceeded) = Budgets::read().hold(&counted) {
        panic!("{exceeded}\nsent: {:#?}\nexecuted: {:#?}", traffic.sent, traffic.executed);
    }
}

#[tokio::test]
async fn an_event_costs_the_database_no_more_than_its_budget() {
    let (t, wire) = tapped().await;
    // Connects, and learns what both prices sell.
    for number in 1..=3 {
        assert_eq!(t.deliver(&changed(&t, number)).await.status, 200);
    }
    wire.take();
    let answer = t.deliver(&changed(&t, 4)).await;
    assert_eq!(answer.body["outcome"], "applied", "{}", answer.body);
    hold("webhook", &wire.take());
}

#[tokio::test]
async fn a_read_costs_the_database_no_more_than_its_budget() {
    let (t, wire) = tapped().await;
    let known = t.entitlements(users::MEMBER, &t.org).await;
    assert_eq!(known.status, 200, "{}", known.body);
    wire.take();
    assert_eq!(t.entitlements(users::MEMBER, &t.org).await.status, 200);
    hold("entitlements", &wire.take());
    let etag = known.header("etag");
    let again = t.entitlements_if_changed(users::MEMBER, &t.org, etag).await;
    assert_eq!(again.status, 304);
    hold("entitlements", &wire.take());
}

#[tokio::test]
async fn flags_cost_the_database_no_more_than_their_budget() {
    let (t, wire) = tapped().await;
    assert_eq!(t.flags(users::MEMBER, &t.org).await.status, 200);
    wire.take();
    assert_eq!(t.flags(users::MEMBER, &t.org).await.status, 200);
    hold("ofrep", &wire.take());
    assert_eq!(t.flag(users::MEMBER, &t.org, "hasAPI").await.status, 200);
    hold("ofrep", &wire.take());
}

#[tokio::test]
async fn a_first_checkout_costs_the_database_no_more_than_its_budget() {
    let (t, wire) = tapped().await;
    let buy = |user: &'static str, org: &str| {
        let order = json!({ "orgId": org, "planCode": "pro", "interval": "month" });
        let t = &t;
        async move { t.checkout(user, &order).await }
    };
    // Connects, and is refused: it has a subscription.
    assert_eq!(buy(users::OWNER, &t.org).await.status, 409);
    wire.take();
    let answer = buy(users::OUTSIDER, &t.other_org).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    hold("checkout", &wire.take());
}

#[tokio::test]
async fn whoever_has_many_organizations_costs_no_more_than_others() {
    let t = TestApp::start().await;
    // So few that people have hardly more than one on average, which is what plans go by.
    let many = "0a000000-0000-4000-9000-0000000000aa";
    t.db.batch_execute(&format!(
        "insert into own_organizations (id, name)
           select gen_random_uuid(), n::text from generate_series(1, 30000) n;
         insert into own_members (org_id, user_id, role)
           select o.id, gen_random_uuid(), 'owner' from own_organizations o;
         insert into own_members (org_id, user_id, role)
           select o.id, '{many}', 'member' from own_organizations o where o.id::text < '1' or o.id = '{org}';
         analyze own_members",
        org = t.org
    ))
    .await
    .unwrap();
    for (function, more) in
        [("read_entitlements", ""), ("read_flags", ""), ("read_account", ", false"), ("read_plans", "")]
    {
        let rows = async || -> i64 {
            let sql = "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables
                where relid = 'billing.own_members'::regclass";
            t.value(sql).await.parse().unwrap()
        };
        let mut read = Vec::new();
        for user in [users::OWNER, many] {
            let ask = format!("select from {function}('{user}', '{}'{more});", t.org);
            t.db.batch_execute("begin").await.unwrap();
            let before = rows().await;
            // In the end by the plans that the connection keeps.
            t.db.batch_execute(&ask.repeat(8)).await.unwrap();
            read.push(rows().await - before);
            t.db.batch_execute("rollback").await.unwrap();
        }
        assert_ne!(read[0], 0, "{function}");
        assert_eq!(read[0], read[1], "rows of members that {function} reads");
    }
}

/// Allocations of a request: the median of many.
async fn allocations(function: &str, environment: &[(&str, &str)], event: impl AsyncFn(i64) -> Value) -> u64 {
    let runtime = RuntimeApi::start().await;
    let file =
        std::env::temp_dir().join(format!("promptforge-allocations-{function}-{}", std::process::id()));
    let mut all = vec![("ALLOCATIONS_FILE", file.to_str().unwrap()), ("COUNTED_FUNCTION", function)];
    all.extend(environment);
    let program = Program::start(&of_this_build("counted-function"), &runtime, &all);
    for number in 1..=20 {
        let answer = runtime.invoke(&event(number).await).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
    }
    drop(program);
    let told = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let numbers: Vec<u64> = told.lines().map(|line| line.parse().unwrap()).collect();
    // The first requests connect, and fill what is kept for the next ones.
    let mut each: Vec<u64> = numbers.windows(2).skip(5).map(|pair| pair[1] - pair[0]).collect();
    each.sort_unstable();
    each[each.len() / 2]
}

#[tokio::test]
async fn an_event_allocates_no_more_than_its_budget() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let (url, stripe) = (t.database.url("billing_events"), t.stripe.url());
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("STRIPE_SECRET_KEY", t.stripe.secret_key()),
        ("STRIPE_API_BASE", stripe.as_str()),
        ("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("METRICS_NAMESPACE", "budget"),
    ];
    let count = allocations("webhook", &environment, async |number| {
        // Indented, as Stripe sends it.
        let body = serde_json::to_string_pretty(&changed(&t, number)).unwrap();
        let signature = sign(body.as_bytes(), WEBHOOK_SECRET, t.now());
        envelope("POST", "/", "", &json!({ "stripe-signature": signature }), Some(body))
    });
    let count = count.await;
    Budgets::read().hold(&[("webhook", "allocations", count)]).unwrap();
}

#[tokio::test]
async fn a_read_allocates_no_more_than_its_budget() {
    let t = TestApp::start().await;
    t.buy("pro", "month").await;
    let url = t.database.url("billing_reader");
    let environment = [("DATABASE_URL", url.as_str()), ("METRICS_NAMESPACE", "budget")];
    let count = allocations("entitlements", &environment, async |_| {
        let query = format!("orgId={}", t.org);
        envelope("GET", "/api/entitlements", &query, &json!({ "x-user-id": users::MEMBER }), None)
    });
    let count = count.await;
    Budgets::read().hold(&[("entitlements", "allocations", count)]).unwrap();
}
