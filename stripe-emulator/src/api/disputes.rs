//! `/v1/disputes`. A cardholder opens them; a call answers one or gives it up.

use crate::life::dispute;
use crate::store::{Kind, Store};
use crate::wire::errors::Answer;
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["evidence.*", "metadata.*", "submit"])?;
    // Stripe submits what is given unless it is told not to.
    let submits = params.flag("submit")?.unwrap_or(params.get("evidence").is_some());
    dispute::in_its_time(store, id, |store| {
        if params.get("metadata").is_some() {
            store.change(Kind::Dispute, id, "charge.dispute.updated", |dispute| {
                params.merge_metadata("metadata", &mut dispute["metadata"]);
            })?;
        }
        match params.get("evidence") {
            None if !submits => store.get(Kind::Dispute, id).cloned(),
            evidence => dispute::respond(store, id, evidence, submits),
        }
    })
}

/// Gives the dispute up: it is lost.
pub(crate) fn close(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&[])?;
    dispute::in_its_time(store, id, |store| dispute::close(store, id, false))
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["charge", "payment_intent"]].concat())?;
    let created = Created::read(params)?;
    let rows = store.rows(Kind::Dispute).iter();
    let found = rows.filter(|row| created.fits(row) && filters(params, row, &["charge", "payment_intent"]));
    page("/v1/disputes", params, found)
}
