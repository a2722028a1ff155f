//! What a dispute consists of, field by field.

use serde_json::{Map, Value, json};

use crate::store::{Kind, Store, random_id};

const DAY: i64 = 86_400;
/// Of each dispute, in the currency's smallest unit.
const FEE: i64 = 1_500;

const EVIDENCE: [&str; 27] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

/// A dispute that awaits an answer, not stored yet. Of an inquiry the money was not taken.
pub(super) fn blank(store: &Store, charge: &Value, reason: &str, is_inquiry: bool) -> Value {
    let mut evidence: Map<String, Value> =
        EVIDENCE.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    evidence.insert("enhanced_evidence".to_owned(), json!({}));
    json!({
        "id": store.new_id(Kind::Dispute),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": store.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": evidence,
        "evidence_details": {
            "due_by": store.now() + 10 * DAY,
            "enhanced_eligibility": {},
            "has_evidence": false,
            "past_due": false,
            "submission_count": 0,
        },
        "is_charge_refundable": is_inquiry,
        "livemode": store.livemode,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": "visa",
                "case_type": if is_inquiry { "inquiry" } else { "chargeback" },
                "network": "visa",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": reason,
        "status": if is_inquiry { "warning_needs_response" } else { "needs_response" },
    })
}

/// Money that a dispute takes from the account (below zero) or puts back.
pub(super) fn movement(store: &Store, dispute: &Value, amount: i64) -> Value {
    let fee = if amount < 0 { FEE } else { 0 };
    let details = json!([{
        "amount": fee, "application": null, "currency": dispute["currency"], "description": "Dispute fee",
        "type": "stripe_fee",
    }]);
    json!({
        "id": random_id("txn_1", 23),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": store.now() + 2 * DAY,
        "balance_type": "payments",
        "created": store.now(),
        "currency": dispute["currency"],
        "description": if amount < 0 { "Chargeback withdrawal" } else { "Chargeback reversal" },
        "exchange_rate": null,
        "fee": fee,
        "fee_details": if fee > 0 { details } else { json!([]) },
        "net": amount - fee,
        "reporting_category": if amount < 0 { "dispute" } else { "dispute_reversal" },
        "source": dispute["id"],
        "status": "pending",
        "type": "adjustment",
    })
}
