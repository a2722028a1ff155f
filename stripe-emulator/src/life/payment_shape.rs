//! What a payment intent and its charges consist of, field by field.

use serde_json::{Value, json};

use crate::store::{Kind, Store, random_id};
use crate::wire::value::text;

/// What is to be paid.
pub(crate) struct Wanted<'a> {
    /// None: a guest pays.
    pub(crate) customer: Option<&'a str>,
    /// In the currency's smallest unit.
    pub(crate) amount: i64,
    pub(crate) currency: Value,
    pub(crate) description: Value,
    pub(crate) metadata: Value,
    /// The invoice that is paid.
    pub(crate) invoice: Option<&'a str>,
    /// Stripe's names of the kinds of payment methods that are taken.
    pub(crate) method_types: Value,
    /// The buyer's address.
    pub(crate) email: Value,
}

/// How a charge goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeded,
    /// The money of a delayed payment method is on its way.
    Pending,
    Failed,
}

/// Fields of an intent that are there, and empty.
const EMPTY_OF_INTENT: [&str; 23] = [
    "application",
    "application_fee_amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "customer_account",
    "excluded_payment_method_types",
    "last_payment_error",
    "latest_charge",
    "next_action",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration_details",
    "processing",
    "receipt_email",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
];

/// Fields of a charge that are there, and empty.
const EMPTY_OF_CHARGE: [&str; 20] = [
    "application",
    "application_fee",
    "application_fee_amount",
    "balance_transaction",
    "failure_balance_transaction",
    "failure_code",
    "failure_message",
    "on_behalf_of",
    "receipt_email",
    "receipt_number",
    "receipt_url",
    "review",
    "shipping",
    "source",
    "source_transfer",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
    "calculated_statement_descriptor",
];

/// An intent that nothing was tried on yet, not stored.
pub(crate) fn intent(store: &Store, wanted: Wanted) -> Value {
    let id = store.new_id(Kind::PaymentIntent);
    let mut intent = json!({
        "id": id,
        "object": "payment_intent",
        "amount": wanted.amount,
        "amount_capturable": 0,
        "amount_details": { "tip": {} },
        "amount_received": 0,
        "capture_method": "automatic_async",
        "client_secret": random_id(&format!("{id}_secret_"), 25),
        "confirmation_method": "automatic",
        "created": store.now(),
        "currency": wanted.currency,
        "customer": wanted.customer,
        "description": wanted.description,
        "livemode": store.livemode,
        "managed_payments": { "enabled": false },
        "metadata": wanted.metadata,
        "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
        "payment_method_types": wanted.method_types,
        "status": "requires_payment_method",
        "_invoice": wanted.invoice,
        "_email": wanted.email,
    });
    for name in EMPTY_OF_INTENT {
        intent[name] = Value::Null;
    }
    intent
}

/// A charge of an intent, not stored.
pub(crate) fn charge(store: &Store, intent: &Value, method: &str, outcome: Outcome) -> Value {
    let amount = &intent["amount"];
    let succeeds = outcome != Outcome::Failed;
    let customer = store.table(Kind::Customer).get(text(&intent["customer"])).unwrap_or(&Value::Null);
    let email = [&customer["email"], &intent["_email"]].into_iter().find(|email| email.is_string());
    let mut charge = json!({
        "id": store.new_id(Kind::Charge),
        "object": "charge",
        "amount": amount,
        "amount_captured": if outcome == Outcome::Succeeded { amount.clone() } else { json!(0) },
        "amount_refunded": 0,
        "billing_details": {
            "address": customer["address"],
            "email": email,
            "name": customer["name"],
            "phone": customer["phone"],
            "tax_id": null,
        },
        "captured": succeeds,
        "created": store.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": false,
        "fraud_details": {},
        "livemode": store.livemode,
        "metadata": intent["metadata"],
        "outcome": verdict(succeeds),
        "paid": succeeds,
        "payment_intent": intent["id"],
        "payment_method": method,
        "payment_method_details": details(text(&intent["payment_method_types"][0]), amount, succeeds),
        "refunded": false,
        "_invoice": intent["_invoice"],
    });
    for name in EMPTY_OF_CHARGE {
        charge[name] = Value::Null;
    }
    set_outcome(&mut charge, outcome);
    charge
}

/// Puts on a charge how it went.
pub(crate) fn set_outcome(charge: &mut Value, outcome: Outcome) {
    charge["status"] = json!(match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Pending => "pending",
        Outcome::Failed => "failed",
    });
    match outcome {
        Outcome::Succeeded => {
            charge["amount_captured"] = charge["amount"].clone();
            charge["balance_transaction"] = json!(random_id("txn_3", 23));
        }
        Outcome::Pending => {}
        Outcome::Failed => {
            charge["paid"] = json!(false);
            charge["captured"] = json!(false);
            charge["failure_code"] = json!("card_declined");
            charge["failure_message"] = json!("Your card was declined.");
            charge["outcome"] = verdict(false);
        }
    }
}

fn verdict(succeeds: bool) -> Value {
    let (status, kind, message) = match succeeds {
        true => ("approved_by_network", "authorized", "Payment complete."),
        false => (
            "declined_by_network",
            "issuer_declined",
            "The bank did not return any further details with this decline.",
        ),
    };
    json!({
        "advice_code": null,
        "network_advice_code": null,
        "network_decline_code": null,
        "network_status": status,
        "reason": if succeeds { Value::Null } else { json!("generic_decline") },
        "risk_level": "normal",
        "seller_message": message,
        "type": kind,
    })
}

fn details(kind: &str, amount: &Value, succeeds: bool) -> Value {
    if kind != "card" {
        return json!({ "type": kind, kind: {} });
    }
    json!({
        "type": "card",
        "card": {
            "amount_authorized": amount,
            "authorization_code": null,
            "brand": "visa",
            "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
            "country": "US",
            "exp_month": 8,
            "exp_year": 2035,
            "fingerprint": "localtestcard",
            "funding": "credit",
            "installments": null,
            "last4": if succeeds { "4242" } else { "0002" },
            "mandate": null,
            "network": "visa",
            "network_token": { "used": false },
            "network_transaction_id": null,
            "regulated_status": "unregulated",
            "three_d_secure": null,
            "transaction_link_id": null,
            "wallet": null,
        },
    })
}
