//! `/v1/invoices`.

use serde_json::{Value, json};

use crate::life::card;
use crate::life::invoice_payment;
use crate::life::subscription::{self, in_its_time};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;
use crate::wire::value::text;

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    let names = ["customer", "status", "subscription", "collection_method"];
    params.only(&[&PAGING[..], &CREATED, &names].concat())?;
    let created = Created::read(params)?;
    let subscription = params.text("subscription");
    let found = store.rows(Kind::Invoice).iter().filter(|invoice| {
        created.fits(invoice)
            && filters(params, invoice, &["customer", "status", "collection_method"])
            && subscription.is_none_or(|wanted| subscription_of(invoice) == wanted)
    });
    page("/v1/invoices", params, found)
}

/// `POST /v1/invoices/{id}/pay`: the payment succeeds unless the card declines.
pub(crate) fn pay(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["payment_method", "source", "paid_out_of_band", "off_session", "forgive"])?;
    let invoice = store.get(Kind::Invoice, id)?;
    match text(&invoice["status"]) {
        "paid" => return Err(ApiError::invalid("Invoice is already paid").code("invoice_already_paid")),
        "open" | "uncollectible" => {}
        status => return Err(ApiError::invalid(format!("This invoice can't be paid: it is {status}."))),
    }
    let subscription = subscription_of(invoice).to_owned();
    let elsewhere = params.flag("paid_out_of_band")? == Some(true);
    in_its_time(store, &subscription, |store| {
        let declines = match params.text("payment_method") {
            _ if elsewhere => false,
            Some(method) => card::fails(method),
            None => card::declines(store.get(Kind::Subscription, &subscription)?),
        };
        if elsewhere {
            invoice_payment::call_off(store, id)?;
        }
        store.alter(Kind::Subscription, &subscription, |row| row["_card_declines"] = json!(declines))?;
        subscription::settle(store, &subscription, id, !declines)?;
        if declines {
            return Err(ApiError::card_declined());
        }
        store.get(Kind::Invoice, id).cloned()
    })
}

fn subscription_of(invoice: &Value) -> &str {
    text(&invoice["parent"]["subscription_details"]["subscription"])
}
