//! What the code tells the database's functions, and what they answer, are JSON of one type each: each side
//! knows every field of the other.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::db::argument::{ChargeRow, PaymentRow};
use shared::db::subscriptions::{ApplyReads, Comparison, Purpose, SubscriptionRead};
use shared::db::webhook_events::{ApplyEvent, Effect, EventAnswer, EventRef, EventToApply};
use shared::domain::ids::{CheckoutSessionId, CustomerId, SubscriptionId};
use shared::domain::ordering::ReadTimes;
use shared::domain::payment::{Charge, Payment, PaymentStatus};
use shared::domain::status::Status;
use shared::domain::subscription::{Item, Snapshot};
use tests::TestApp;

/// Columns of `subscriptions` that no snapshot has.
const DECIDED_HERE: &str = "org_id org_named own plan_code price_id unknown_price billing_interval \
    interval_count currency quantity paid_items paid_period_start paid_at past_due_since grace_until version \
    known_through may_include updated_at bought first_seen_at";
/// What a snapshot has that is no column of `subscriptions`.
const SAID_BESIDE: &str = "metadata_plan_code";
/// Columns of `payments` that no payment of Stripe has.
const PAYMENT_DECIDED_HERE: &str =
    "org_id addon_features addon_expires_at addon_unreadable addon_ended_by created_at updated_at";
/// What a payment has that is no column of `payments`.
const PAYMENT_SAID_BESIDE: &str = "addon_flags addon_days paid_at";
/// Columns of `charges` that no event says.
const CHARGE_DECIDED_HERE: &str = "org_id refunded_at disputed_at updated_at";

fn snapshot() -> Snapshot {
    Snapshot {
        id: SubscriptionId::from("sub_1"),
        customer: Some(CustomerId::from("cus_1")),
        orgs: Vec::new(),
        livemode: false,
        status: Status::Active,
        pause_behavior: None,
        // Of several intervals: then each says when its period ends.
        items: vec![
            Item { period: Some((Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH)), ..Item::default() },
            Item::default(),
        ],
        metadata_plan: None,
        period: None,
        cancel_at_period_end: false,
        cancel_at: None,
        trial_end: None,
        test_clock: None,
        discounts: Vec::new(),
        schedule: None,
        created: Timestamp::UNIX_EPOCH,
    }
}

fn event_ref() -> EventRef {
    EventRef {
        id: "evt_1".to_owned(),
        kind: "customer.subscription.updated".to_owned(),
        created: 1,
        livemode: false,
        api_version: None,
    }
}

/// The argument of `pf_apply_event` about a subscription that Stripe was asked for.
fn event_argument() -> Value {
    let to_apply = EventToApply {
        event: event_ref(),
        orgs: Vec::new(),
        customer: None,
        reference: None,
        carried: None,
        thin: false,
        effect: Effect::Snapshot(Box::new(snapshot())),
        paid: false,
        read: Some(ReadTimes::payload_stands(0, 1)),
        discounts_unread: false,
        void: false,
        grace_days: 7,
        foreign_acknowledged: false,
        elapsed_ms: 0,
    };
    serde_json::to_value(ApplyEvent::from(&to_apply)).unwrap()
}

/// The argument of `pf_apply_reads` with one read.
fn reads_argument() -> Value {
    let times = ReadTimes::payload_stands(0, 1);
    let reads = [SubscriptionRead { snapshot: snapshot(), times, version_noted: true }];
    let purpose = Purpose { cause: "test", grace_days: 7, dry_run: true };
    serde_json::to_value(ApplyReads::new(purpose, &reads)).unwrap()
}

fn payment() -> Value {
    let payment = Payment {
        session: CheckoutSessionId::from("cs_1"),
        livemode: false,
        amount_cents: None,
        currency: None,
        status: PaymentStatus::Paid,
        payment_intent: None,
        addon_flags: Vec::new(),
        addon_days: None,
        paid_at: Timestamp::UNIX_EPOCH,
    };
    serde_json::to_value(PaymentRow::from(&payment)).unwrap()
}

fn charge() -> Value {
    let charge = Charge {
        id: "ch_1".to_owned(),
        payment_intent: None,
        customer: None,
        livemode: false,
        amount_cents: None,
        refunded_cents: None,
        currency: None,
        dispute_status: None,
    };
    serde_json::to_value(ChargeRow::from(&charge)).unwrap()
}

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn fields(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

/// The fields that a function in SQL reads of `what`, at each place where it does: the names in
/// `jsonb_to_record(what) as alias (name type, ...)`.
fn read_in_sql(function: &str, what: &str) -> Vec<BTreeSet<String>> {
    let name = format!("functions/{function}");
    let file = migrations::FILES.iter().find(|file| file.name == name).unwrap();
    let calls = [format!("jsonb_to_record({what}) as "), format!("jsonb_to_recordset({what}) as ")];
    let after = calls.iter().flat_map(|call| file.sql.split(call).skip(1));
    let lists = after.map(|rest| rest.split_once('(').unwrap().1.split_once(')').unwrap().0);
    let names = |list: &str| {
        list.split(',').map(|field| field.split_whitespace().next().unwrap().replace('"', "")).collect()
    };
    lists.map(names).collect()
}

/// Of a table or a composite type.
async fn columns(t: &TestApp, of: &str) -> String {
    let columns = "select string_agg(attname, ' ') from pg_attribute where attnum > 0 and not attisdropped";
    t.value(&format!("{columns} and attrelid = '{of}'::regclass")).await
}

/// Names what only one side knows.
#[track_caller]
fn assert_same(about: &str, code: &BTreeSet<String>, database: &BTreeSet<String>) {
    let only = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>();
    let (unread, unsaid) = (only(code, database), only(database, code));
    assert!(
        unread.is_empty() && unsaid.is_empty(),
        "{about}: only the code knows {unread:?}, only the database knows {unsaid:?}"
    );
}

#[test]
fn each_function_reads_the_fields_that_it_is_told_and_no_other() {
    let reads = reads_argument();
    for (function, what, told) in [
        ("pf_fail_event", "event", &serde_json::to_value(event_ref()).unwrap()),
        ("pf_apply_reads", "request", &reads),
        ("pf_apply_reads", "asked.reads", &reads["reads"][0]),
    ] {
        let read = read_in_sql(function, what);
        assert!(!read.is_empty(), "{function} does not read {what}");
        for database in read {
            assert_same(&format!("{function}, {what}"), &fields(told), &database);
        }
    }
}

#[tokio::test]
async fn each_type_of_an_argument_has_the_fields_that_it_is_told_and_no_other() {
    let t = TestApp::start().await;
    let event = event_argument();
    for (name, told) in [("event", &event), ("item", &event["snapshot"]["items"][0])] {
        assert_same(name, &fields(told), &words(&columns(&t, &format!("billing_private.{name}")).await));
    }
}

#[tokio::test]
async fn what_is_told_of_a_subscription_or_a_payment_are_the_columns_of_its_table() {
    let t = TestApp::start().await;
    for (table, told, beside, decided_here) in [
        ("subscriptions", event_argument()["snapshot"].clone(), SAID_BESIDE, DECIDED_HERE),
        ("payments", payment(), PAYMENT_SAID_BESIDE, PAYMENT_DECIDED_HERE),
        ("charges", charge(), "", CHARGE_DECIDED_HERE),
    ] {
        let columns = columns(&t, &format!("billing.{table}")).await;
        let told = &fields(&told) - &words(beside);
        assert_same(table, &told, &(&words(&columns) - &words(decided_here)));
    }
    for (function, argument, beside) in
        [("snapshot_row", "snapshot", SAID_BESIDE), ("write_payment", "payment", PAYMENT_SAID_BESIDE)]
    {
        let name = format!("functions/{function}");
        let file = migrations::FILES.iter().find(|file| file.name == name).unwrap();
        for field in words(beside) {
            let read = ["->", "->>"].map(|arrow| format!("{argument} {arrow} '{field}'"));
            assert!(read.iter().any(|read| file.sql.contains(read)), "{function} does not read {field}");
        }
    }
}

#[tokio::test]
async fn each_answer_has_the_fields_that_the_code_reads_and_no_other() {
    let t = TestApp::start().await;
    let ask = async |function: &str, argument: Value| -> Value {
        let sql = format!("select billing.{function}($1::text::jsonb)");
        t.db.query_one(&sql, &[&argument.to_string()]).await.unwrap().get(0)
    };
    let mut event = event_argument();
    let answer = ask("pf_apply_event", event.clone()).await;
    assert!(matches!(serde_json::from_value(answer).unwrap(), EventAnswer::MissingOrg));
    event["org_ids"] = json!([t.org]);
    event["version"] = json!(5);
    event["created"] = json!(9);
    let answer = ask("pf_apply_event", event.clone()).await;
    assert!(matches!(
        serde_json::from_value(answer).unwrap(),
        EventAnswer::AskStripe { version: 0, for_discounts: false, for_paid: false }
    ));
    event["version"] = json!(0);
    let settled = ask("pf_apply_event", event).await;
    assert!(matches!(serde_json::from_value(settled.clone()).unwrap(), EventAnswer::Settled { .. }));

    let mut compared = ask("pf_apply_reads", reads_argument()).await;
    serde_json::from_value::<Vec<Comparison>>(compared.clone()).unwrap();

    // Neither side can add or leave out a field unnoticed.
    for field in ["outcome", "org_id", "seen", "a_new_one"] {
        let mut answer = settled.clone();
        if answer["settled"].as_object_mut().unwrap().remove(field).is_none() {
            answer["settled"][field] = json!(1);
        }
        let error = serde_json::from_value::<EventAnswer>(answer).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
    compared[0].as_object_mut().unwrap().remove("org_id");
    let error = serde_json::from_value::<Vec<Comparison>>(compared).unwrap_err().to_string();
    assert!(error.contains("org_id"), "{error}");
}
