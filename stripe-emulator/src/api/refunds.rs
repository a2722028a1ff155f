//! `/v1/refunds`: all of a charge or a part of it.

use crate::life::{payment, refund};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;
use crate::wire::value::text;

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&["amount", "charge", "instructions_email", "metadata.*", "payment_intent", "reason"])?;
    let charge = match (params.text("charge"), params.text("payment_intent")) {
        (Some(charge), None) => payment::charge_of(store, charge, "charge")?,
        (None, Some(intent)) => payment::charge_of(store, intent, "payment_intent")?,
        (Some(_), Some(_)) => {
            let message = "You may only specify one of these parameters: charge, payment_intent.";
            return Err(ApiError::invalid(message));
        }
        (None, None) => {
            let message =
                "One of the following params should be provided for this request: payment_intent or charge.";
            return Err(ApiError::invalid(message));
        }
    };
    let amount = params.int("amount")?;
    let reason = params.one_of("reason", &["duplicate", "fraudulent", "requested_by_customer"])?;
    let metadata = params.metadata("metadata");
    store.in_time_of(text(&charge["customer"]), |store| {
        refund::create(store, &charge, amount, reason, metadata)
    })
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["metadata.*"])?;
    refund::tell(store, id, |refund| params.merge_metadata("metadata", &mut refund["metadata"]))
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["charge", "payment_intent"]].concat())?;
    let created = Created::read(params)?;
    let rows = store.rows(Kind::Refund).iter();
    let found = rows.filter(|row| created.fits(row) && filters(params, row, &["charge", "payment_intent"]));
    page("/v1/refunds", params, found)
}
