//! `/v1/invoice_payments`: which payment paid which invoice.

use crate::store::{Kind, Store};
use crate::wire::errors::Answer;
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    let names = ["invoice", "payment.payment_intent", "payment.type", "status"];
    params.only(&[&PAGING[..], &CREATED, &names].concat())?;
    let created = Created::read(params)?;
    params.one_of("status", &["canceled", "open", "paid"])?;
    if params.get("payment").is_some() {
        params.required("payment.type")?;
        params.one_of("payment.type", &["payment_intent"])?;
    }
    let intent = params.text("payment.payment_intent");
    let found = store.rows(Kind::InvoicePayment).iter().filter(|row| {
        created.fits(row)
            && filters(params, row, &["invoice", "status"])
            && intent.is_none_or(|wanted| row["payment"]["payment_intent"] == wanted)
    });
    page("/v1/invoice_payments", params, found)
}
