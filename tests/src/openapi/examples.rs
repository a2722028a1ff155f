//! Examples as `cargo dev` makes them. A test holds each against its schema.

use serde_json::{Value, json};

/// The demo organization.
pub const ORG: &str = "5f0d4c4e-7a55-4a86-9c1b-3f6a1d2b7e10";
/// Of an answer.
pub const ETAG: &str = "\"1b8c0e3f5a7d9b2c4e6f8a0b-16b3740\"";
const SESSION: &str = "cs_test_a1YwuJSJwIzFq3xTz0mO5nKcVbR8dLhE2sGp7yU4iWo6tAeM9jXvNfBgQr";

/// What Enterprise switches on beside that.
const ENTERPRISE: [&str; 4] = ["hasAPI", "canExportBundleZip", "hasWhiteLabel", "hasSeatsGT1"];
/// What Pro switches on.
const PRO: [&str; 7] = [
    "canUseAllModules",
    "canExportMD",
    "canExportPDF",
    "canExportJSON",
    "canUseGptTestReal",
    "hasCloudHistory",
    "hasEvaluatorAI",
];

pub fn checkout_requests() -> Value {
    json!({
        "pro": { "summary": "Pro, paid monthly",
            "value": { "orgId": ORG, "planCode": "pro", "interval": "month" } },
        "enterprise": {
            "summary": "Enterprise, paid yearly",
            "value": { "orgId": ORG, "planCode": "enterprise", "interval": "year" }
        },
        "seats": {
            "summary": "Ten seats, with addresses to return to",
            "value": { "orgId": ORG, "planCode": "enterprise", "interval": "year", "seats": 10,
                "successUrl": "http://127.0.0.1:4242/done", "cancelUrl": "http://127.0.0.1:4242/pricing" }
        }
    })
}

pub fn checkout() -> Value {
    let url = format!("https://checkout.stripe.com/c/pay/{SESSION}");
    json!({ "pro": { "value": {
        "success": true, "sessionId": SESSION, "url": url, "planCode": "pro", "interval": "month",
        "seats": 1, "orgId": ORG
    } } })
}

pub fn plans() -> Value {
    let price = |interval: &str, cents: u32| {
        json!({ "interval": interval, "intervalCount": 1, "currency": "usd", "amountCents": cents,
            "sold": true })
    };
    let pilot = json!({ "planCode": "pilot", "name": "PromptForge Pilot",
        "description": "What everybody has.", "rank": 0, "seats": 1, "entitlements": flags(&["canExportMD"]),
        "prices": [price("month", 0)], "trialDays": null });
    let pro = json!({ "planCode": "pro", "name": "PromptForge Pro", "description": "For one person.",
        "rank": 1, "seats": 1, "entitlements": flags(&PRO),
        "prices": [price("month", 4900), price("year", 49000)], "trialDays": 14 });
    let with = |plan: &Value, action: &str| {
        let mut plan = plan.clone();
        plan["action"] = json!(action);
        plan
    };
    json!({
        "anyone": { "value": { "success": true, "plans": [pilot, pro] } },
        "member": { "value": { "success": true, "plans": [with(&pilot, "current"), with(&pro, "buy")] } }
    })
}

/// Of the shipped catalogue.
fn flags(on: &[&str]) -> Value {
    PRO.iter().chain(&ENTERPRISE).map(|f| ((*f).to_owned(), Value::from(on.contains(f)))).collect()
}

pub fn evaluation_requests() -> Value {
    json!({ "organization": { "value": { "context": { "targetingKey": ORG } } } })
}

pub fn evaluation() -> Value {
    json!({
        "granted": { "summary": "The plan grants it", "value": granted() },
        "not_granted": { "summary": "Nothing grants it", "value": {
            "key": "hasAPI", "value": false, "variant": "off", "reason": "DEFAULT",
            "metadata": { "source": "plan", "plan": "pro" }
        } },
        "addon": { "summary": "An add-on grants it, for a time", "value": {
            "key": "hasAPI", "value": true, "variant": "on", "reason": "TARGETING_MATCH",
            "metadata": { "source": "addon", "plan": "pro", "expiresAt": "2026-12-22T21:40:52Z" }
        } }
    })
}

pub fn evaluations() -> Value {
    json!({ "pro": { "value": { "flags": [granted()] } } })
}

fn granted() -> Value {
    json!({ "key": "canExportPDF", "value": true, "variant": "on", "reason": "TARGETING_MATCH",
        "metadata": { "source": "plan", "plan": "pro" } })
}

pub fn portal_requests() -> Value {
    json!({
        "plain": { "summary": "Leads back to the frontend", "value": { "orgId": ORG } },
        "return_url": {
            "summary": "Leads back to a page of an allowed origin",
            "value": { "orgId": ORG, "returnUrl": "http://127.0.0.1:4242/settings/billing" }
        },
        "update": {
            "summary": "Confirms one change",
            "value": { "orgId": ORG,
                "flow": { "type": "update", "planCode": "enterprise", "interval": "year", "seats": 10 } }
        },
        "cancel": { "summary": "Cancels", "value": { "orgId": ORG, "flow": { "type": "cancel" } } }
    })
}

pub fn portal() -> Value {
    let url = "https://billing.stripe.com/p/session/bps_L2ikrOdLH8kASsct0hEDEQBM";
    json!({ "opened": { "value": { "success": true, "url": url, "orgId": ORG } } })
}

pub fn sync_requests() -> Value {
    json!({ "organization": { "value": { "orgId": ORG } } })
}

pub fn entitlements() -> Value {
    let paid_until = "2026-12-22T21:40:52Z";
    let answer = |plan: &str, status: &str, end: Option<&str>, grace: Option<&str>, on: &[&str]| {
        json!({ "value": {
            "success": true, "orgId": ORG, "planCode": plan, "status": status, "reason": null,
            "interval": end.map(|_| "month"), "intervalCount": end.map(|_| 1),
            "discounts": [], "seats": 1, "seatsUsed": 1, "seatsOver": 0,
            "currentPeriodEnd": end, "cancelAt": null, "scheduled": null, "graceEndsAt": grace,
            "trialEndsAt": null, "collectionPaused": false, "canManageBilling": true,
            "entitlements": flags(on), "timestamp": "2026-11-22T21:40:53.276525966Z"
        } })
    };
    let mut discounted = answer("pro", "active", Some(paid_until), None, &PRO);
    discounted["value"]["discounts"] = json!([{ "name": "Launch", "percentOff": 20.0, "amountOff": null,
        "currency": null, "duration": "repeating", "endsAt": "2027-02-22T21:40:52Z" }]);
    let all = [&PRO[..], &ENTERPRISE[..]].concat();
    let mut scheduled = answer("enterprise", "active", Some(paid_until), None, &all);
    scheduled["value"]["scheduled"] =
        json!({ "planCode": "pro", "interval": "month", "seats": 1, "at": paid_until });
    json!({
        "scheduled": scheduled,
        "pro": answer("pro", "active", Some(paid_until), None, &PRO),
        "discounted": discounted,
        "never_paid": answer("pilot", "none", None, None, &["canExportMD"]),
        "in_grace": answer("pro", "past_due", Some(paid_until), Some("2026-11-29T21:40:52Z"), &PRO)
    })
}

pub fn events() -> Value {
    let event = json!({
        "id": "evt_1SW3wqCZ6qsJgndJ4Yb1nQ2k", "object": "event", "type": "customer.subscription.updated",
        "created": 1_795_383_652, "livemode": false, "api_version": "2026-10-28.endive",
        "data": { "object": subscription() }
    });
    json!({ "subscription": { "summary": "A subscription changed", "value": event } })
}

fn subscription() -> Value {
    let price = json!({
        "id": "price_1SW3vECZ6qsJgndJ8tQm5R0a", "object": "price", "lookup_key": "promptforge_pro_month",
        "currency": "usd", "unit_amount": 4900, "recurring": { "interval": "month", "interval_count": 1 },
        "metadata": { "plan_code": "pro" }
    });
    let item = json!({
        "id": "si_TSzSx0nXc7r1hE", "object": "subscription_item", "quantity": 1,
        "current_period_start": 1_795_383_650, "current_period_end": 1_797_975_650, "price": price
    });
    json!({
        "id": "sub_1SW3wpCZ6qsJgndJm0Vb2c8D", "object": "subscription", "status": "active",
        "customer": "cus_TSzSbqGqFyQ0cV", "created": 1_795_383_650, "livemode": false,
        "cancel_at": null, "cancel_at_period_end": false, "pause_collection": null,
        "metadata": { "org_id": ORG, "plan_code": "pro", "interval": "month" },
        "items": { "object": "list", "has_more": false, "data": [item] }
    })
}

pub fn received() -> Value {
    let outcomes = ["applied", "stale", "duplicate", "ignored"];
    outcomes
        .into_iter()
        .map(|outcome| (outcome.to_owned(), json!({ "value": { "received": true, "outcome": outcome } })))
        .collect()
}

pub fn healthy() -> Value {
    json!({ "well": { "value": { "success": true, "database": "ok", "schema": "ok",
        "configuration": "ok" } } })
}

pub fn ill() -> Value {
    json!({ "no_database": {
        "value": { "success": false, "database": "failing", "schema": "failing", "configuration": "ok" }
    } })
}
