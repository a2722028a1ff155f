//! What happens to money that was paid: it goes back, a bank takes it back, a visitor pays by a link.

use serde_json::{Value, json};

use super::Emulator;
use crate::api::prices;
use crate::life::payment_link::Visitor;
use crate::life::{dispute, payment, payment_link, refund};
use crate::store::{Kind, Store};
use crate::wire::errors::Answer;
use crate::wire::value::text;
use crate::wire::versions::{NEWEST, render};

impl Emulator {
    /// The newest charge of a checkout session, an invoice, a subscription's latest invoice, a payment intent
    /// or a customer.
    pub fn charge_of(&self, paid: &str) -> Option<Value> {
        self.act(|store| Some(render(charge_of(store, paid)?, NEWEST)))
    }

    /// Refunds a charge or a payment intent. `amount` is in the currency's smallest unit; without it all that
    /// is left.
    pub fn refund(&self, payment: &str, amount: Option<i64>) -> Answer {
        let name = if Kind::of_id(payment) == Some(Kind::Charge) { "charge" } else { "payment_intent" };
        let mut params = json!({ name: payment });
        if let Some(amount) = amount {
            params["amount"] = json!(amount);
        }
        self.call("POST", "/v1/refunds", &params)
    }

    /// The bank's last word on a refund: the money has arrived, or comes back to the account.
    pub fn settle_refund(&self, id: &str, succeeds: bool) -> Answer {
        self.answer(|store| {
            let charge = text(&store.get(Kind::Refund, id)?["charge"]);
            let customer = text(&store.get(Kind::Charge, charge)?["customer"]).to_owned();
            store.in_time_of(&customer, |store| refund::settle(store, id, succeeds))
        })
    }

    /// A cardholder disputes a charge or a payment intent, and the bank takes the money.
    pub fn open_dispute(&self, payment: &str) -> Answer {
        self.question(payment, "fraudulent", false)
    }

    /// A bank asks about a charge or a payment intent. The money stays.
    pub fn open_inquiry(&self, payment: &str) -> Answer {
        self.question(payment, "general", true)
    }

    fn question(&self, payment: &str, reason: &str, is_inquiry: bool) -> Answer {
        self.answer(|store| {
            let charge = payment::charge_of(store, payment, "charge")?;
            store.in_time_of(text(&charge["customer"]), |store| {
                dispute::open(store, text(&charge["id"]), reason, is_inquiry)
            })
        })
    }

    /// The bank decides a dispute for the account or against it. An inquiry that is not won becomes a dispute
    /// and is lost.
    pub fn close_dispute(&self, id: &str, is_won: bool) -> Answer {
        self.answer(|store| dispute::in_its_time(store, id, |store| dispute::close(store, id, is_won)))
    }

    /// A visitor opens a payment link, with a reference in its address that is theirs to choose. Answers the
    /// checkout session.
    pub fn open_payment_link(&self, id: &str, client_reference_id: Option<&str>) -> Answer {
        let client_reference_id = client_reference_id.map(str::to_owned);
        self.visit(id, &Visitor { client_reference_id, ..Visitor::default() })
    }

    pub(crate) fn visit(&self, link: &str, visitor: &Visitor) -> Answer {
        self.answer(|store| payment_link::open(store, link, visitor))
    }

    /// Moves the first item to the price with this lookup key and to a quantity, and invoices the difference
    /// at once. If the card declines, the change is made and the subscription becomes `past_due`.
    pub fn upgrade(&self, subscription: &str, price_lookup_key: &str, quantity: i64) -> Answer {
        let price = self.act(|store| prices::by_lookup_key(store, price_lookup_key).cloned())?;
        let item = json!({ "price": price["id"], "quantity": quantity });
        self.change_first_item(subscription, item, "always_invoice")
    }
}

fn charge_of<'a>(store: &'a Store, paid: &str) -> Option<&'a Value> {
    let row = |kind: Kind| store.table(kind).get(paid);
    let charge = match Kind::of_id(paid)? {
        Kind::Charge => row(Kind::Charge)?,
        Kind::PaymentIntent => return charge_of(store, row(Kind::PaymentIntent)?["latest_charge"].as_str()?),
        Kind::Invoice => return charge_of(store, row(Kind::Invoice)?["_charge"].as_str()?),
        Kind::Subscription => return charge_of(store, row(Kind::Subscription)?["latest_invoice"].as_str()?),
        Kind::CheckoutSession => {
            let session = row(Kind::CheckoutSession)?;
            return charge_of(store, session["payment_intent"].as_str().or(session["invoice"].as_str())?);
        }
        Kind::Customer => store.rows(Kind::Charge).iter().rev().find(|charge| charge["customer"] == paid)?,
        _ => return None,
    };
    Some(charge)
}
