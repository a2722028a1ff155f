//! `/v1/charges`. Only checkout pages and invoices make them.

use crate::store::{Kind, Store};
use crate::wire::errors::Answer;
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;
use crate::wire::value::text;

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["description", "metadata.*"])?;
    let customer = text(&store.get(Kind::Charge, id)?["customer"]).to_owned();
    store.in_time_of(&customer, |store| {
        store.change(Kind::Charge, id, "charge.updated", |charge| {
            params.copy(&["description"], charge);
            params.merge_metadata("metadata", &mut charge["metadata"]);
        })
    })
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["customer", "payment_intent"]].concat())?;
    let created = Created::read(params)?;
    let rows = store.rows(Kind::Charge).iter();
    let found = rows.filter(|row| created.fits(row) && filters(params, row, &["customer", "payment_intent"]));
    page("/v1/charges", params, found)
}
