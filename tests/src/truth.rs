//! Our rows against what the emulator holds, compared by other code than that which wrote them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::TestApp;
use crate::granting::{self, Known};
use crate::model::plan_of;

/// Every difference, a sentence each. Subscriptions whose customer belongs to no organization are left out.
pub async fn differences(t: &TestApp) -> Vec<String> {
    let customers = t.db.query("select stripe_customer_id, org_id::text from customers", &[]).await;
    let customers: BTreeMap<String, String> =
        customers.expect("customers").iter().map(|row| (row.get(0), row.get(1))).collect();
    let rows =
        t.db.query(
            "select stripe_subscription_id,
             to_jsonb(s) || jsonb_build_object('period_end', extract(epoch from current_period_end)::bigint,
               'ends', extract(epoch from cancel_at)::bigint) from subscriptions s",
            &[],
        )
        .await;
    let mut rows: BTreeMap<String, Value> =
        rows.expect("subscriptions").iter().map(|row| (row.get(0), row.get(1))).collect();

    let mut found = Vec::new();
    let all = t.stripe.subscriptions();
    let mut of_organization: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for subscription in &all {
        let text = |pointer: &str| subscription.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let id = text("/id").to_owned();
        let named = text("/metadata/org_id").to_owned();
        let org = if named.is_empty() { customers.get(text("/customer")).cloned() } else { Some(named) };
        let Some(org) = org else { continue };
        let plan = ["pilot", "pro", "enterprise"]
            .into_iter()
            .find(|plan| *plan == plan_of(text("/items/data/0/price/lookup_key")))
            .unwrap_or("pilot");
        of_organization.entry(org.clone()).or_default().push(subscription);
        let Some(row) = rows.remove(&id) else {
            found.push(format!("{id} is missing"));
            continue;
        };
        let ends = match (&subscription["cancel_at"], &subscription["cancel_at_period_end"]) {
            (Value::Null, Value::Bool(true)) => &subscription["items"]["data"][0]["current_period_end"],
            (cancel_at, _) => cancel_at,
        };
        for (column, ours, theirs) in [
            ("org_id", &row["org_id"], &Value::from(org)),
            ("status", &row["status"], &subscription["status"]),
            ("plan_code", &row["plan_code"], &Value::from(plan)),
            ("quantity", &row["quantity"], &subscription["items"]["data"][0]["quantity"]),
            (
                "current_period_end",
                &row["period_end"],
                &subscription["items"]["data"][0]["current_period_end"],
            ),
            ("cancel_at_period_end", &row["cancel_at_period_end"], &subscription["cancel_at_period_end"]),
            ("cancel_at", &row["ends"], ends),
        ] {
            if ours != theirs {
                found.push(format!("{id}: {column} is {ours}, at Stripe {theirs}"));
            }
        }
    }
    found.extend(rows.into_keys().map(|id| format!("{id} is not at Stripe")));
    let effective = t.db.query("select org_id::text, plan_code from plan_effective", &[]).await;
    for row in effective.expect("plans") {
        let (org, ours): (String, String) = (row.get(0), row.get(1));
        let theirs = of_organization.remove(&org).unwrap_or_default();
        let theirs = granting::plans(t, theirs, Known::Reads);
        if !theirs.contains(ours.as_str()) {
            found.push(format!("{org} has {ours}, at Stripe {theirs:?}"));
        }
    }
    found
}
