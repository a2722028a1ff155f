//! What each function of ours is called with, so that each way through it is tried.

use serde_json::{Value, json};
use tests::users;

use super::{GONE, ORG, OTHER};

const SUBSCRIPTION_COLUMNS: usize = 36;
/// And those of `plans`.
const PLAN_COLUMNS: usize = 13;

/// A subscription's state, as `pf_apply_event` takes it.
pub fn snapshot(number: u32, status: &str, plan: &str) -> Value {
    json!({
        "stripe_subscription_id": format!("sub_{number}"), "livemode": false,
        "stripe_customer_id": format!("cus_{number}"),
        "status": status, "pause_behavior": null, "metadata_plan_code": plan, "test_clock": "clock_1",
        "items": [
            { "price": "price_1", "lookup_key": format!("promptforge_{plan}_month"), "quantity": 2 },
            { "price": "price_2", "flags": ["hasAPI", "noSuchFlag"], "seats": 1, "interval": "month" }
        ],
        "discounts": [
            { "id": "di_1", "terms": { "percent_off": 20.0, "duration": "repeating",
                "ends_at": "2026-03-01T00:00:00Z" } },
            { "id": "di_2", "item": true }
        ],
        "schedule": { "id": "sub_sched_1", "next": { "at": "2026-02-01T00:00:00Z", "items": [
            { "price": "price_3", "lookup_key": "promptforge_pro_month", "quantity": 1, "interval": "month" }
        ] } },
        "current_period_start": "2026-01-01T00:00:00Z",
        "current_period_end": "2026-02-01T00:00:00Z", "cancel_at_period_end": false, "cancel_at": null,
        "trial_end": "2026-01-08T00:00:00Z", "stripe_created_at": "2026-01-01T00:00:00Z"
    })
}

/// The argument of `pf_apply_event` for a subscription.
pub fn event(id: &str, org: &str, snapshot: &Value) -> Value {
    json!({
        "id": id, "type": "customer.subscription.updated", "created": 1_767_225_600,
        "livemode": false, "api_version": "2026-10-28.endive",
        "org_ids": [org], "customer": snapshot["stripe_customer_id"],
        "subscription": snapshot["stripe_subscription_id"], "snapshot": snapshot,
        "grace_days": 7, "foreign_acknowledged": false, "elapsed_ms": 1
    })
}

/// What `pf_apply_event` can be asked for: each way through it.
fn events() -> Vec<Value> {
    let stranger = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7eff";
    let mut moved = event("evt_b", ORG, &snapshot(2, "past_due", "enterprise"));
    moved["created"] = json!(1_767_300_000);
    let mut read = event("evt_c", ORG, &snapshot(1, "canceled", "pro"));
    read["carried"] = json!(snapshot(1, "active", "pro"));
    for (name, value) in [
        ("version", 1),
        ("observed_at", 1_767_300_000),
        ("known_through", 1_767_300_000),
        ("may_include", 1_767_300_001),
    ] {
        read[name] = json!(value);
    }
    let mut payment = event("evt_d", ORG, &snapshot(1, "active", "pro"));
    payment["payment"] = json!({
        "stripe_checkout_session_id": "cs_9", "livemode": false, "amount_cents": 100, "currency": "usd",
        "payment_status": "paid",
        "stripe_payment_intent_id": "pi_1", "addon_flags": ["hasAPI"], "addon_days": "30",
        "paid_at": 1_767_300_000
    });
    payment["payment_intent"] = json!("pi_1");
    let mut charge = event("evt_g", ORG, &snapshot(1, "active", "pro"));
    charge["payment_intent"] = json!("pi_1");
    charge["charge"] = json!({
        "stripe_charge_id": "ch_1", "stripe_payment_intent_id": "pi_1", "livemode": false,
        "amount_cents": 100, "refunded_cents": 100, "dispute_status": "lost"
    });
    let mut clock = event("evt_h", ORG, &snapshot(1, "active", "pro"));
    clock["test_clock"] = json!("clock_1");
    clock["frozen_at"] = json!(1_767_400_000);
    let mut open = event("evt_i", OTHER, &snapshot(9, "active", "pro"));
    open["snapshot"]["discounts"] = json!([{ "id": "di_1" }, { "id": "di_9" }]);
    open["snapshot"]["schedule"] = json!({ "id": "sub_sched_9" });
    open["created"] = json!(1_767_500_000);
    open["open_discounts"] = json!(true);
    vec![
        event("evt_a", ORG, &snapshot(9, "trialing", "enterprise")),
        event("evt_1", ORG, &snapshot(1, "active", "pro")),
        moved,
        read,
        payment,
        charge,
        clock,
        open,
        event("evt_e", GONE, &snapshot(3, "active", "pro")),
        event("evt_f", stranger, &snapshot(8, "active", "pro")),
    ]
}

/// A catalogue in which all that the shipped one has is there, and one flag more.
fn catalogue() -> Value {
    let plan = |rank: i16, name: &str| {
        json!({ "name": name, "description": "", "rank": rank, "seats": 1, "more_seats": false,
            "currency": "usd", "month": 1, "year": null, "lookup_key": format!("promptforge_{name}"),
            "flags": { "hasAPI": rank > 0, "hasMore": true } })
    };
    json!({ "flags": { "hasAPI": "", "hasMore": "More." },
        "plans": { "pilot": plan(0, "pilot"), "pro": plan(1, "pro"), "enterprise": plan(2, "enterprise") } })
}

/// Literals for an argument, by the function and the argument's name. One that is new must be decided here.
pub fn arguments(function: &str, name: &str) -> Vec<String> {
    let one = |text: &str| vec![format!("'{text}'")];
    match (function, name) {
        ("pf_apply_event", "request") => events().iter().map(|event| format!("'{event}'")).collect(),
        ("pf_apply_reads", "request") => {
            let read = |number, org: &str, status: &str| {
                json!({
                    "org_ids": [org], "customer": format!("cus_{number}"),
                    "subscription": format!("sub_{number}"),
                    "snapshot": snapshot(number, status, "enterprise"),
                    "version": if number == 9 { 0 } else { 1 },
                    "observed_at": 1_767_300_000, "known_through": 1_767_300_000, "may_include": 1_767_300_001
                })
            };
            let reads = [
                read(1, ORG, "past_due"),
                read(2, ORG, "active"),
                read(3, GONE, "active"),
                read(9, OTHER, "active"),
            ];
            one(&json!({ "reads": reads, "cause": "test", "grace_days": 7, "dry_run": false }).to_string())
        }
        (_, "event") => one(&events()[0].to_string()),
        (_, "org" | "org_id") => vec![format!("'{ORG}'"), format!("'{OTHER}'"), format!("'{GONE}'")],
        (_, "asking" | "caller") => one(users::OWNER),
        ("pf_apply_catalogue" | "write_catalogue" | "list_prices" | "repriced", "wanted")
        | (_, "before" | "after") => one(&catalogue().to_string()),
        (_, "classes" | "was" | "is_now") => one("{}"),
        // What everybody has is for nobody alone, and the catalogue changes that.
        (_, "for_new") => one("false"),
        ("followed", "versions") => one("[]"),
        ("followed", "flags") => one("{}"),
        (_, "orgs") => one(&format!("{{{ORG}}}")),
        (_, "dry_run" | "show") => vec!["'true'".to_owned(), "'false'".to_owned()],
        // A row in which all is null.
        ("kept" | "kept_of" | "kept_then", "plan") | (_, "of_plan") => {
            one(&format!("({})", ",".repeat(PLAN_COLUMNS - 1)))
        }
        (_, "plan") => one("pro"),
        ("rows_then", "kind") => one("plans"),
        (_, "at") => one("now"),
        ("scheduled_at", "included") => one(r#"{"pro": 1}"#),
        (_, "price") => one("price_1"),
        (_, "billing_interval") => one("month"),
        (_, "currency") => one("usd"),
        (_, "amount") => one("4900"),
        // A row in which all is null.
        (_, "subscription_id") => one("sub_1"),
        (_, "subscription" | "bought") => one(&format!("({})", ",".repeat(SUBSCRIPTION_COLUMNS - 1))),
        (_, "entitlement") => one("(,,override,,,hasAPI,,t,,,,,)"),
        (_, "mode") => one("false"),
        (_, "feature" | "flag") => one("hasAPI"),
        (_, "enabled" | "even_if_live" | "signed") => one("true"),
        (_, "plan_code") => one("enterprise"),
        (_, "event_id") => one("evt_1"),
        (_, "status") => one("active"),
        (_, "expires_at") => one("2027-01-01T00:00:00Z"),
        (_, "customer") => one("cus_new"),
        (_, "replaces") => one("cus_1"),
        (_, "items") => one(r#"[{"unreadable": "seats_per_unit"}]"#),
        (_, "object") => one(r#"{"hasAPI": true}"#),
        (_, "reached") => one(r#"{"through": 1}"#),
        (_, "wanted") => one("0/0"),
        (_, "days") => one("31"),
        (_, "milliseconds") => one("100"),
        (_, "at_any_level") => one("true"),
        (_, "at_most") => one("100"),
        (_, "past") => vec!["null".to_owned(), format!("'{ORG}'")],
        (_, "whole") => one("billing.history"),
        (_, "lease_seconds") => one("60"),
        (_, "outcomes") => one(&json!([{ "org": ORG, "version": 1, "done": true }]).to_string()),
        (_, "replayed") => one("true"),
        (_, "since" | "began") => one("2026-01-01T00:00:00Z"),
        (_, "ids") => one(&format!("{{{ORG}}}")),
        ("claim", "name") => one("role"),
        (_, "name" | "known" | "session" | "by_whom" | "source" | "reason" | "error_code") => one("x"),
        other => panic!("no value for {other:?}"),
    }
}
