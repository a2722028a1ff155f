//! What the database says a change of the catalogue would do is what it then does: random changes over random
//! organizations, looked at through the views that answer for every organization.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tests::TestApp;
use tokio_postgres::types::Type;

const ORGANIZATIONS: usize = 40;
const CHANGES: usize = 40;
const PLANS: [&str; 3] = ["pilot", "pro", "enterprise"];
const FLAGS: [&str; 4] = ["canExportMD", "canExportPDF", "hasAPI", "hasWhiteLabel"];

/// What an organization has: its plan, its seats, the flags that are on.
type Standing = (String, i64, BTreeSet<String>);

/// Plan, feature, effect, by; and the organizations.
type Told = BTreeMap<(String, String, String, String), BTreeSet<String>>;

/// A row of `entitlements` without its organization: source, plan, feature, enabled, units, seats, expired.
fn row() -> impl Strategy<Value = String> {
    let ends = select(vec!["null", "now() + interval '1 day'", "now() - interval '1 day'"]);
    let plan = (select(PLANS.to_vec()), 0..3, 0..3, ends.clone()).prop_map(|(plan, units, more, ends)| {
        format!("'plan', '{plan}', null, true, {units}, {more}, {ends}")
    });
    let flag = (select(vec!["addon", "trial"]), select(FLAGS.to_vec()), ends.clone())
        .prop_map(|(source, flag, ends)| format!("'{source}', null, '{flag}', true, null, null, {ends}"));
    let overridden = (select(FLAGS.to_vec()), any::<bool>(), ends)
        .prop_map(|(flag, on, ends)| format!("'override', null, '{flag}', {on}, null, null, {ends}"));
    prop_oneof![3 => plan, 2 => flag, 2 => overridden]
}

/// Fills the database with organizations.
async fn fill(t: &TestApp, runner: &mut TestRunner) {
    for number in 0..ORGANIZATIONS {
        let org = format!("00000000-0000-4000-8000-{number:012}");
        t.db.batch_execute(&format!("insert into own_organizations (id, name) values ('{org}', 'x')"))
            .await
            .unwrap();
        for row in proptest::collection::vec(row(), 0..5).new_tree(runner).unwrap().current() {
            let own = if row.starts_with("'plan'") { "true" } else { "null" };
            let mode = if row.starts_with("'override'") { "null" } else { "false" };
            let sql = format!(
                "insert into entitlements (org_id, own, livemode, source, plan_code, feature, enabled, units,
                   extra_seats, expires_at)
                 values ('{org}', {own}, {mode}, {row}) on conflict do nothing"
            );
            t.db.batch_execute(&sql).await.unwrap();
        }
        if number % 3 == 0 {
            buy(t, &org, "pro").await;
        }
    }
}

/// An organization's subscription, and what it grants.
async fn buy(t: &TestApp, org: &str, plan: &str) {
    let sql = format!(
        "insert into subscriptions (stripe_subscription_id, org_id, livemode, status, plan_code, price_id,
           items, stripe_created_at, known_through, may_include)
         values (gen_random_uuid(), '{org}', false, 'active', '{plan}', 'price_{plan}',
           '[{{\"price\": \"price_{plan}\", \"plan\": \"{plan}\", \"quantity\": 1}}]', now(), 1, 1);
         insert into entitlements (org_id, own, livemode, source, plan_code, source_id, units, extra_seats)
         select org_id, true, false, 'plan', '{plan}', stripe_subscription_id, 1, 0
         from subscriptions where org_id = '{org}'"
    );
    t.db.batch_execute(&sql).await.unwrap();
}

/// A change of one thing.
#[derive(Clone, Debug)]
enum Change {
    Toggle(&'static str, &'static str),
    Seats(&'static str, i64),
    Swap,
    Drop(&'static str),
    Flag(String, Vec<&'static str>),
    Team(i64),
    NoTeam,
    Price(i64),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (select(PLANS.to_vec()), select(FLAGS.to_vec())).prop_map(|(a, b)| Change::Toggle(a, b)),
        2 => (select(PLANS.to_vec()), 1..6_i64).prop_map(|(plan, seats)| Change::Seats(plan, seats)),
        1 => Just(Change::Swap),
        1 => select(FLAGS.to_vec()).prop_map(Change::Drop),
        2 => ("[a-c]", subsequence(PLANS.to_vec(), 0..=3)).prop_map(|(a, b)| Change::Flag(a, b)),
        1 => (3..9_i64).prop_map(Change::Team),
        1 => Just(Change::NoTeam),
        1 => (0..9_i64).prop_map(Change::Price),
    ]
}

fn make(catalogue: &mut Value, change: &Change) {
    match change {
        Change::Toggle(plan, flag) => {
            if let Some(on) = catalogue["plans"][plan]["flags"].get_mut(flag) {
                *on = json!(*on == false);
            }
        }
        Change::Seats(plan, seats) => catalogue["plans"][plan]["seats"] = json!(seats),
        Change::Swap => {
            let rank = catalogue["plans"]["pro"]["rank"].take();
            catalogue["plans"]["pro"]["rank"] = catalogue["plans"]["enterprise"]["rank"].take();
            catalogue["plans"]["enterprise"]["rank"] = rank;
        }
        Change::Drop(flag) => {
            catalogue["flags"].as_object_mut().unwrap().remove(*flag);
            for plan in catalogue["plans"].as_object_mut().unwrap().values_mut() {
                plan["flags"].as_object_mut().unwrap().remove(*flag);
            }
        }
        Change::Flag(flag, plans) => {
            catalogue["flags"][flag] = json!("");
            for (code, plan) in catalogue["plans"].as_object_mut().unwrap() {
                plan["flags"][flag] = json!(plans.contains(&code.as_str()));
            }
        }
        Change::Team(rank) => {
            let mut team = catalogue["plans"]["pro"].clone();
            team["rank"] = json!(rank);
            team["lookup_key"] = json!("promptforge_team");
            catalogue["plans"]["team"] = team;
        }
        Change::NoTeam => {
            catalogue["plans"].as_object_mut().unwrap().remove("team");
        }
        Change::Price(cents) => catalogue["plans"]["pro"]["month"] = json!(cents),
    }
}

/// What every organization has, as the views say it.
async fn standings(t: &TestApp) -> BTreeMap<String, Standing> {
    let sql = "select p.org_id::text, p.plan_code, p.seats::bigint,
          coalesce((select array_agg(e.feature) from entitlements_effective e
            where e.org_id = p.org_id and e.enabled), '{}')
        from plan_effective p";
    let rows = t.db.query(sql, &[]).await.unwrap();
    let standing = |row: &tokio_postgres::Row| {
        (row.get(0), (row.get(1), row.get(2), row.get::<_, Vec<String>>(3).into_iter().collect()))
    };
    rows.iter().map(standing).collect()
}

/// What became of everybody.
fn differences(before: &BTreeMap<String, Standing>, after: &BTreeMap<String, Standing>) -> Told {
    let mut told = Told::new();
    for (org, (plan, seats, flags)) in before {
        let (plan_now, seats_now, flags_now) = &after[org];
        let mut tell = |feature: &str, effect: &str, by: &str| {
            let key = (plan.clone(), feature.to_owned(), effect.to_owned(), by.to_owned());
            told.entry(key).or_default().insert(org.clone());
        };
        flags_now.difference(flags).for_each(|flag| tell(flag, "gains", ""));
        flags.difference(flags_now).for_each(|flag| tell(flag, "loses", ""));
        if seats != seats_now {
            tell("seats", if seats_now > seats { "gains" } else { "loses" }, "");
        }
        if plan != plan_now {
            tell("plan", "moves", plan_now);
        }
    }
    told
}

/// What the database said, without what stays.
fn predicted(answer: &Value) -> Told {
    let mut told = Told::new();
    for effect in answer["effects"].as_array().unwrap().iter().filter(|effect| effect["effect"] != "stays") {
        let text = |name: &str| effect[name].as_str().unwrap_or_default().to_owned();
        let ids = effect["ids"].as_array().unwrap().iter().flat_map(|ids| ids.as_array().unwrap());
        let ids: BTreeSet<String> = ids.map(|id| id.as_str().unwrap().to_owned()).collect();
        assert_eq!(effect["organizations"], ids.len(), "{effect}");
        told.insert((text("plan"), text("feature"), text("effect"), text("by")), ids);
    }
    told
}

/// None: the database refuses, because what everybody has is for nobody alone.
async fn try_to_apply(t: &TestApp, catalogue: &Value, dry_run: bool, for_new: bool) -> Option<Value> {
    let sql = "select billing.pf_apply_catalogue($1, 'test', $2, true, $3)";
    let params: &[(&(dyn tokio_postgres::types::ToSql + Sync), Type)] =
        &[(catalogue, Type::JSONB), (&dry_run, Type::BOOL), (&for_new, Type::BOOL)];
    match t.db.query_typed(sql, params).await {
        Ok(rows) => Some(rows[0].get(0)),
        Err(error) => {
            let said = error.as_db_error().unwrap().message();
            assert!(for_new && said.starts_with("everybody has the plan pilot"), "{said}");
            None
        }
    }
}

async fn apply(t: &TestApp, catalogue: &Value, dry_run: bool) -> Value {
    try_to_apply(t, catalogue, dry_run, false).await.unwrap()
}

#[tokio::test]
async fn a_dry_run_says_what_a_change_then_does_to_every_organization() {
    let t = TestApp::start().await;
    let mut runner = TestRunner::deterministic();
    fill(&t, &mut runner).await;
    let (mut gained, mut lost, mut moved) = (0, 0, 0);
    for _ in 0..CHANGES {
        let rows = t.db.query("select billing_private.catalogue()", &[]).await.unwrap();
        let stored: Value = rows[0].get(0);
        let mut catalogue = stored.clone();
        let changes = proptest::collection::vec(change(), 1..5).new_tree(&mut runner).unwrap().current();
        changes.iter().for_each(|change| make(&mut catalogue, change));
        let before = standings(&t).await;
        let told = apply(&t, &catalogue, true).await;
        let rows = t.db.query("select billing_private.catalogue()", &[]).await.unwrap();
        assert_eq!(rows[0].get::<_, Value>(0), stored, "a dry run changes nothing");
        assert_eq!(standings(&t).await, before, "a dry run changes nothing");
        let done = apply(&t, &catalogue, false).await;
        assert_eq!((&told["effects"], &told["changes"]), (&done["effects"], &done["changes"]), "{changes:?}");
        let differs = differences(&before, &standings(&t).await);
        assert_eq!(predicted(&told), differs, "{changes:?}");
        assert_eq!(apply(&t, &catalogue, false).await["changes"], json!([]), "{changes:?}");
        let count = |effect: &str| differs.keys().filter(|key| key.2 == effect).count();
        (gained, lost, moved) = (gained + count("gains"), lost + count("loses"), moved + count("moves"));
    }
    // Something was looked at.
    assert!(gained > 10 && lost > 10 && moved > 0, "{gained} {lost} {moved}");
}

#[tokio::test]
async fn for_new_ones_alone_whoever_bought_before_keeps_what_it_had_and_the_dry_run_says_so() {
    let t = TestApp::start().await;
    let mut runner = TestRunner::deterministic();
    fill(&t, &mut runner).await;
    let (mut kept, mut changed) = (0, 0);
    for round in 0..CHANGES {
        let rows = t.db.query("select billing_private.catalogue()", &[]).await.unwrap();
        let mut catalogue: Value = rows[0].get(0);
        let changes = proptest::collection::vec(change(), 1..5).new_tree(&mut runner).unwrap().current();
        changes.iter().for_each(|change| make(&mut catalogue, change));
        let before = standings(&t).await;
        let for_new = round % 3 > 0;
        let Some(told) = try_to_apply(&t, &catalogue, true, for_new).await else { continue };
        assert_eq!(standings(&t).await, before, "a dry run changes nothing");
        let done = try_to_apply(&t, &catalogue, false, for_new).await.unwrap();
        assert_eq!((&told["effects"], &told["changes"]), (&done["effects"], &done["changes"]), "{changes:?}");
        let after = standings(&t).await;
        assert_eq!(predicted(&told), differences(&before, &after), "{changes:?}");
        changed += usize::from(before != after);
        // A flag that is dropped is nobody's any more, and another plan may count by its rank.
        let alone = changes.iter().all(|change| matches!(change, Change::Toggle(..) | Change::Seats(..)));
        if for_new && alone && done["changes"] != json!([]) {
            for org in bought_only(&t).await {
                assert_eq!(before[&org], after[&org], "{changes:?}");
                kept += 1;
            }
        }
    }
    assert!(kept > 10 && changed > 5, "{kept} {changed}");
}

/// The organizations all of whose plans were bought.
async fn bought_only(t: &TestApp) -> Vec<String> {
    let sql = "select org_id::text from entitlements where source = 'plan' group by org_id
        having bool_and(source_id is not null)";
    t.db.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}
