//! `/v1/payment_intents`. Only checkout pages and invoices make them.

use crate::store::{Kind, Store};
use crate::wire::errors::Answer;
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["description", "metadata.*"])?;
    // Stripe has no event of this.
    store.alter(Kind::PaymentIntent, id, |intent| {
        params.copy(&["description"], intent);
        params.merge_metadata("metadata", &mut intent["metadata"]);
    })
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["customer"]].concat())?;
    let created = Created::read(params)?;
    let rows = store.rows(Kind::PaymentIntent).iter();
    page(
        "/v1/payment_intents",
        params,
        rows.filter(|row| created.fits(row) && filters(params, row, &["customer"])),
    )
}
