//! The API's routing table: one match from method and path to the function that does the work.

use super::{
    charges, checkout_sessions, coupons, customers, discounts, disputes, event_destinations, events,
    invoice_payments, invoices, payment_intents, payment_links, portal_configurations, portal_sessions,
    prices, products, promotion_codes, refunds, subscription_schedules, subscriptions, test_clocks,
    v2_events, webhook_endpoints,
};
use crate::life::customer;
use crate::store::{Kind, Store};
use crate::wire::errors::{Answer, ApiError};
use crate::wire::params::Params;

/// Does what a call asks for. `version` shapes events, and says which coupons may be made; everything else is
/// shaped on its way out.
pub(crate) fn call(store: &mut Store, method: &str, path: &str, params: &Params, version: &str) -> Answer {
    if let Some(inside) = path.strip_prefix("/v2/core/") {
        return call_v2(store, method, inside, params);
    }
    let Some(inside) = path.strip_prefix("/v1/") else { return Err(unrecognized(method, path)) };
    let segments: Vec<&str> = inside.split('/').collect();
    match (method, segments.as_slice()) {
        ("POST", ["customers"]) => customers::create(store, params),
        ("GET", ["customers"]) => customers::list(store, params),
        ("GET", ["customers", id]) => read(store, Kind::Customer, id, params),
        ("POST", ["customers", id]) => customers::update(store, id, params),
        ("DELETE", ["customers", id]) => customer::delete(store, id),

        ("POST", ["products"]) => products::create(store, params),
        ("GET", ["products"]) => products::list(store, params),
        ("GET", ["products", id]) => read(store, Kind::Product, id, params),
        ("POST", ["products", id]) => products::update(store, id, params),

        ("POST", ["prices"]) => prices::create(store, params),
        ("GET", ["prices"]) => prices::list(store, params),
        ("GET", ["prices", id]) => read(store, Kind::Price, id, params),
        ("POST", ["prices", id]) => prices::update(store, id, params),

        ("POST", ["checkout", "sessions"]) => checkout_sessions::create(store, params),
        ("GET", ["checkout", "sessions"]) => checkout_sessions::list(store, params),
        ("GET", ["checkout", "sessions", id]) => read(store, Kind::CheckoutSession, id, params),
        ("GET", ["checkout", "sessions", id, "line_items"]) => {
            checkout_sessions::list_line_items(store, id, params)
        }
        ("POST", ["checkout", "sessions", id, "expire"]) => checkout_sessions::expire(store, id, params),

        ("POST", ["billing_portal", "sessions"]) => portal_sessions::create(store, params),
        ("POST", ["billing_portal", "configurations"]) => portal_configurations::create(store, params),
        ("GET", ["billing_portal", "configurations"]) => portal_configurations::list(store, params),
        ("GET", ["billing_portal", "configurations", id]) => {
            read(store, Kind::PortalConfiguration, id, params)
        }
        ("POST", ["billing_portal", "configurations", id]) => {
            portal_configurations::update(store, id, params)
        }

        ("POST", ["subscriptions"]) => subscriptions::create(store, params),
        ("GET", ["subscriptions"]) => subscriptions::list(store, params),
        ("GET", ["subscriptions", id]) => read(store, Kind::Subscription, id, params),
        ("POST", ["subscriptions", id]) => subscriptions::update(store, id, params),
        ("DELETE", ["subscriptions", id]) => subscriptions::cancel(store, id, params),
        ("POST", ["subscriptions", id, "resume"]) => subscriptions::resume(store, id, params),

        ("GET", ["subscription_items"]) => subscriptions::list_items(store, params),

        ("DELETE", ["subscriptions", id, "discount"]) => discounts::delete(store, id),

        ("POST", ["coupons"]) => coupons::create(store, params, version),
        ("GET", ["coupons"]) => coupons::list(store, params),
        ("GET", ["coupons", id]) => coupons::retrieve(store, id, params),
        ("POST", ["coupons", id]) => coupons::update(store, id, params),
        ("DELETE", ["coupons", id]) => coupons::delete(store, id),

        ("POST", ["promotion_codes"]) => promotion_codes::create(store, params),
        ("GET", ["promotion_codes"]) => promotion_codes::list(store, params),
        ("GET", ["promotion_codes", id]) => read(store, Kind::PromotionCode, id, params),
        ("POST", ["promotion_codes", id]) => promotion_codes::update(store, id, params),

        ("GET", ["subscription_schedules"]) => subscription_schedules::list(store, params),
        ("GET", ["subscription_schedules", id]) => read(store, Kind::SubscriptionSchedule, id, params),
        ("POST", ["subscription_schedules", id, "release"]) => {
            subscription_schedules::release(store, id, params)
        }

        ("GET", ["invoices"]) => invoices::list(store, params),
        ("GET", ["invoices", id]) => read(store, Kind::Invoice, id, params),
        ("POST", ["invoices", id, "pay"]) => invoices::pay(store, id, params),

        ("GET", ["invoice_payments"]) => invoice_payments::list(store, params),
        ("GET", ["invoice_payments", id]) => read(store, Kind::InvoicePayment, id, params),

        ("GET", ["payment_intents"]) => payment_intents::list(store, params),
        ("GET", ["payment_intents", id]) => read(store, Kind::PaymentIntent, id, params),
        ("POST", ["payment_intents", id]) => payment_intents::update(store, id, params),

        ("GET", ["charges"]) => charges::list(store, params),
        ("GET", ["charges", id]) => read(store, Kind::Charge, id, params),
        ("POST", ["charges", id]) => charges::update(store, id, params),

        ("POST", ["refunds"]) => refunds::create(store, params),
        ("GET", ["refunds"]) => refunds::list(store, params),
        ("GET", ["refunds", id]) => read(store, Kind::Refund, id, params),
        ("POST", ["refunds", id]) => refunds::update(store, id, params),

        ("GET", ["disputes"]) => disputes::list(store, params),
        ("GET", ["disputes", id]) => read(store, Kind::Dispute, id, params),
        ("POST", ["disputes", id]) => disputes::update(store, id, params),
        ("POST", ["disputes", id, "close"]) => disputes::close(store, id, params),

        ("POST", ["payment_links"]) => payment_links::create(store, params),
        ("GET", ["payment_links"]) => payment_links::list(store, params),
        ("GET", ["payment_links", id]) => read(store, Kind::PaymentLink, id, params),
        ("POST", ["payment_links", id]) => payment_links::update(store, id, params),
        ("GET", ["payment_links", id, "line_items"]) => payment_links::list_line_items(store, id, params),

        ("GET", ["events"]) => events::list(store, params, version),
        ("GET", ["events", id]) => events::retrieve(store, id, version),

        ("POST", ["webhook_endpoints"]) => webhook_endpoints::create(store, params),
        ("GET", ["webhook_endpoints"]) => webhook_endpoints::list(store, params),
        ("GET", ["webhook_endpoints", id]) => read(store, Kind::WebhookEndpoint, id, params),
        ("POST", ["webhook_endpoints", id]) => webhook_endpoints::update(store, id, params),
        ("DELETE", ["webhook_endpoints", id]) => webhook_endpoints::delete(store, id),

        ("POST", ["test_helpers", "test_clocks"]) => test_clocks::create(store, params),
        ("GET", ["test_helpers", "test_clocks"]) => test_clocks::list(store, params),
        ("GET", ["test_helpers", "test_clocks", id]) => read(store, Kind::TestClock, id, params),
        ("POST", ["test_helpers", "test_clocks", id, "advance"]) => test_clocks::advance(store, id, params),
        ("DELETE", ["test_helpers", "test_clocks", id]) => test_clocks::delete(store, id),

        _ => Err(unrecognized(method, path)),
    }
}

fn call_v2(store: &mut Store, method: &str, inside: &str, params: &Params) -> Answer {
    let segments: Vec<&str> = inside.split('/').collect();
    match (method, segments.as_slice()) {
        ("POST", ["event_destinations"]) => event_destinations::create(store, params),
        ("GET", ["event_destinations"]) => event_destinations::list(store, params),
        ("GET", ["event_destinations", id]) => event_destinations::retrieve(store, id, params),
        ("POST", ["event_destinations", id]) => event_destinations::update(store, id, params),
        ("DELETE", ["event_destinations", id]) => event_destinations::delete(store, id, params),
        ("POST", ["event_destinations", id, "enable"]) => {
            event_destinations::set_status(store, id, "enabled", params)
        }
        ("POST", ["event_destinations", id, "disable"]) => {
            event_destinations::set_status(store, id, "disabled", params)
        }
        ("POST", ["event_destinations", id, "ping"]) => event_destinations::ping(store, id, params),

        ("GET", ["events"]) => v2_events::list(store, params),
        ("GET", ["events", id]) => v2_events::retrieve(store, id, params),

        _ => Err(unrecognized(method, &format!("/v2/core/{inside}"))),
    }
}

fn read(store: &Store, kind: Kind, id: &str, params: &Params) -> Answer {
    params.only(&[])?;
    store.get(kind, id).cloned()
}

fn unrecognized(method: &str, path: &str) -> ApiError {
    let message = format!(
        "Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing \
         slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier \
         in your code. Please see https://stripe.com/docs or we can help at https://support.stripe.com/."
    );
    ApiError::invalid(message).status(404)
}
