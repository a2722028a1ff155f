//! The panel's list of payments: each can be refunded or disputed, and its dispute be decided.

use serde_json::Value;

use super::format::{money, pill};
use super::html::Template;
use crate::emulator::Emulator;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::value::{number, text};

const PAYMENT: &str = include_str!("templates/panel_payment.html");

/// A charge as an entry of the list.
pub(super) fn entry(store: &Store, charge: &Value) -> String {
    let currency = text(&charge["currency"]);
    let refunded = number(&charge["amount_refunded"]);
    let dispute = dispute_of(store, text(&charge["id"]));
    let mut pills = pill(text(&charge["status"]));
    if refunded > 0 {
        pills += &pill(if charge["refunded"] == true { "refunded" } else { "partly_refunded" });
    }
    if let Some(dispute) = dispute {
        pills += &pill(text(&dispute["status"]));
    }
    let email = &charge["billing_details"]["email"];
    let buyer = [email, &charge["customer"]].into_iter().find_map(Value::as_str).unwrap_or("a guest");
    let left = money(number(&charge["amount"]) - refunded, currency);
    let shown = |is_shown: bool| if is_shown { "" } else { "hidden" };
    let is_open = dispute.is_some_and(|dispute| !is_closed(dispute));
    let is_undisputed = charge["status"] == "succeeded" && dispute.is_none();
    Template::new(PAYMENT)
        .text("id", text(&charge["id"]))
        .text("amount", &money(number(&charge["amount"]), currency))
        .text("customer", buyer)
        .text("what", &if refunded > 0 { format!("{left} left") } else { String::new() })
        .text("paid_state", shown(is_undisputed && charge["refunded"] != true))
        .text("dispute_state", shown(is_open))
        .markup("pills", &pills)
        .render()
}

/// Does what a button of an entry asks for. None: it is no button of these.
pub(super) fn carry_out(emulator: &Emulator, act: &str, charge: &str) -> Option<Answer> {
    let decide = |is_won: bool| {
        let dispute = emulator.act(|store| Some(text(&dispute_of(store, charge)?["id"]).to_owned()));
        match dispute {
            Some(dispute) => emulator.close_dispute(&dispute, is_won),
            None => Err(ApiError::invalid(format!("Charge '{charge}' is not disputed."))),
        }
    };
    Some(match act {
        "refund" => emulator.refund(charge, None),
        "dispute" => emulator.open_dispute(charge),
        "dispute_won" => decide(true),
        "dispute_lost" => decide(false),
        _ => return None,
    })
}

fn dispute_of<'a>(store: &'a Store, charge: &str) -> Option<&'a Value> {
    store.rows(Kind::Dispute).iter().rev().find(|dispute| dispute["charge"] == charge)
}

fn is_closed(dispute: &Value) -> bool {
    matches!(text(&dispute["status"]), "won" | "lost" | "warning_closed")
}
