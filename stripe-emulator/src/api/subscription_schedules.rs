//! `/v1/subscription_schedules`.

use crate::life::schedule::let_go;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::Params;
use crate::wire::value::text;

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &CREATED, &["customer"]].concat())?;
    let created = Created::read(params)?;
    let rows = store.rows(Kind::SubscriptionSchedule).iter();
    let found = rows.filter(|row| created.fits(row) && filters(params, row, &["customer"]));
    page("/v1/subscription_schedules", params, found)
}

pub(crate) fn release(store: &mut Store, id: &str, params: &Params) -> Answer {
    // No schedule here sets a cancel date, so there is none to preserve.
    params.only(&["preserve_cancel_date"])?;
    let schedule = store.get(Kind::SubscriptionSchedule, id)?;
    if schedule["status"] != "active" {
        let message = format!(
            "You cannot release a subscription schedule that is currently in the `{}` status. It must be \
             `not_started` or `active`.",
            text(&schedule["status"])
        );
        return Err(ApiError::invalid(message));
    }
    let customer = text(&schedule["customer"]).to_owned();
    let subscription = text(&schedule["subscription"]).to_owned();
    store.in_time_of(&customer, |store| let_go(store, &subscription))?;
    store.get(Kind::SubscriptionSchedule, id).cloned()
}
