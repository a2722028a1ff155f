//! `/v1/subscriptions`.

use serde_json::{Value, json};

use super::{discounts, subscription_changes};
use crate::life::card;
use crate::life::discount_invoice::net_amount;
use crate::life::line_items;
use crate::life::subscription::{self, FirstPayment, in_its_time};
use crate::life::subscription_items::has_price;
use crate::life::subscription_shape::{New, blank};
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::list::{CREATED, Created, PAGING, filters, page};
use crate::wire::params::{Params, brackets};

const CREATABLE: [&str; 29] = [
    "automatic_tax.*",
    "billing_cycle_anchor",
    "billing_mode.*",
    "cancel_at",
    "cancel_at_period_end",
    "collection_method",
    "currency",
    "customer",
    "days_until_due",
    "default_payment_method",
    "description",
    "invoice_settings.*",
    "items.discounts.*",
    "items.metadata.*",
    "items.price",
    "items.quantity",
    "metadata.*",
    "off_session",
    "payment_behavior",
    "payment_settings.*",
    "proration_behavior",
    "trial_end",
    "trial_from_plan",
    "trial_period_days",
    "trial_settings.*",
    "discounts.*",
    "coupon",
    "promotion_code",
    "add_invoice_items.*",
];

pub(crate) fn create(store: &mut Store, params: &Params) -> Answer {
    params.only(&CREATABLE)?;
    let customer = params.required("customer")?.to_owned();
    store.referenced(Kind::Customer, &customer, "customer")?;
    store.in_time_of(&customer, |store| {
        let mut new = read(store, params, &customer)?;
        discounts::change(store, params, &mut new)?;
        let payment = first_payment(store, params, &new)?;
        subscription::open(store, new, payment)
    })
}

/// The items of one subscription, in its own order.
pub(crate) fn list_items(store: &Store, params: &Params) -> Answer {
    params.only(&[&PAGING[..], &["subscription"]].concat())?;
    let subscription = store.get(Kind::Subscription, params.required("subscription")?)?;
    let items = subscription["items"]["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    page("/v1/subscription_items", params, items.iter().rev())
}

pub(crate) fn list(store: &Store, params: &Params) -> Answer {
    let names = ["customer", "status", "price", "collection_method", "test_clock"];
    params.only(&[&PAGING[..], &CREATED, &names].concat())?;
    const STATUSES: [&str; 10] = [
        "active",
        "all",
        "canceled",
        "ended",
        "incomplete",
        "incomplete_expired",
        "past_due",
        "paused",
        "trialing",
        "unpaid",
    ];
    let status = params.one_of("status", &STATUSES)?;
    let (created, price) = (Created::read(params)?, params.text("price"));
    // Like Stripe, a list that names neither leaves the subscriptions of test clocks out.
    let names_clock = params.text("test_clock").or(params.text("customer")).is_some();
    let status_fits = |subscription: &Value| match status {
        // Without a status, Stripe leaves the canceled ones out.
        None => subscription["status"] != "canceled",
        Some("all") => true,
        Some("ended") => subscription::is_ended(subscription),
        Some(wanted) => subscription["status"] == wanted,
    };
    let found = store.rows(Kind::Subscription).iter().filter(|subscription| {
        status_fits(subscription)
            && (names_clock || subscription["test_clock"].is_null())
            && created.fits(subscription)
            && filters(params, subscription, &["customer", "collection_method", "test_clock"])
            && price.is_none_or(|price| has_price(subscription, price))
    });
    page("/v1/subscriptions", params, found)
}

pub(crate) fn update(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&subscription_changes::WRITABLE)?;
    in_its_time(store, id, |store| subscription_changes::apply(store, id, params))
}

/// `DELETE /v1/subscriptions/{id}`: ends it at once.
pub(crate) fn cancel(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["cancellation_details.*", "invoice_now", "prorate"])?;
    if subscription::is_ended(store.get(Kind::Subscription, id)?) {
        return Err(ApiError::no_such("subscription", id, "id").status(404));
    }
    in_its_time(store, id, |store| {
        store.alter(Kind::Subscription, id, |subscription| {
            subscription["cancel_at_period_end"] = json!(false);
            for name in ["comment", "feedback"] {
                if let Some(given) = params.text(&format!("cancellation_details.{name}")) {
                    subscription["cancellation_details"][name] = json!(given);
                }
            }
        })?;
        subscription::end(store, id, "canceled", Some("cancellation_requested"))
    })
}

pub(crate) fn resume(store: &mut Store, id: &str, params: &Params) -> Answer {
    params.only(&["billing_cycle_anchor", "proration_behavior", "proration_date"])?;
    in_its_time(store, id, |store| subscription::resume(store, id))
}

fn read(store: &Store, params: &Params, customer: &str) -> Answer {
    let now = store.now();
    let mut prices = Vec::new();
    for position in 0..params.list("items").len() {
        let path = format!("items.{position}.price");
        let price = line_items::subscribable(store, params.required(&path)?, &brackets(&path))?;
        prices.push((price.clone(), params.int(&format!("items.{position}.quantity"))?.unwrap_or(1)));
    }
    if prices.is_empty() {
        return Err(ApiError::missing_param("items"));
    }
    if prices.iter().any(|(price, _)| price["recurring"].is_null()) {
        let message = "The price specified is set to `type=one_time` but this field only accepts prices with \
                       `type=recurring`.";
        return Err(ApiError::invalid(message).param("items[0][price]"));
    }
    let days = params.int("trial_period_days")?.filter(|days| *days > 0).map(|days| now + days * 86_400);
    let trial_end = trial_end(params)?.or(days).filter(|end| *end > now);
    let metadata = params.metadata("metadata");
    let mut new = blank(store, New { customer, prices, metadata, trial_end });
    params.copy(&["description", "default_payment_method", "collection_method"], &mut new);
    let missing = "trial_settings.end_behavior.missing_payment_method";
    if let Some(behavior) = params.text(missing) {
        new["trial_settings"]["end_behavior"]["missing_payment_method"] = json!(behavior);
    }
    new["automatic_tax"]["enabled"] = json!(params.flag("automatic_tax.enabled")? == Some(true));
    new["_no_card"] = json!(card::of(store, &new).is_empty());
    if params.flag("cancel_at_period_end")? == Some(true) {
        subscription_changes::schedule_end(&mut new, now);
    }
    if let Some(at) = params.int("cancel_at")? {
        new["cancel_at"] = json!(at);
    }
    Ok(new)
}

/// A trial's end in seconds; `now` is none.
fn trial_end(params: &Params) -> Result<Option<i64>, ApiError> {
    if params.text("trial_end") == Some("now") { Ok(None) } else { params.int("trial_end") }
}

/// Without a card, the emulator takes it that there is one that works.
fn first_payment(store: &Store, params: &Params, new: &Value) -> Result<FirstPayment, ApiError> {
    let behavior = params.one_of("payment_behavior", &subscription_changes::BEHAVIORS)?;
    let declines = card::fails(card::of(store, new));
    match behavior {
        Some("default_incomplete") => Ok(FirstPayment::Awaited),
        Some("error_if_incomplete") if declines && net_amount(store, new) > 0 => {
            Err(ApiError::card_declined())
        }
        _ if declines => Ok(FirstPayment::Declines),
        _ => Ok(FirstPayment::Succeeds),
    }
}
