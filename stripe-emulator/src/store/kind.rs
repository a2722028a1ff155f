//! The kinds of objects: how their ids begin, and what error messages call them.

use serde::{Deserialize, Serialize};

/// The kinds of stored objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Customer,
    Product,
    Price,
    CheckoutSession,
    PortalSession,
    PortalConfiguration,
    SubscriptionSchedule,
    Subscription,
    Invoice,
    WebhookEndpoint,
    EventDestination,
    TestClock,
    PaymentIntent,
    Charge,
    InvoicePayment,
    Refund,
    Dispute,
    PaymentLink,
    PromotionCode,
    Discount,
    Coupon,
}

const KINDS: [(Kind, &str, &str); 21] = [
    (Kind::Customer, "cus_", "customer"),
    (Kind::Product, "prod_", "product"),
    (Kind::Price, "price_", "price"),
    (Kind::CheckoutSession, "cs_", "checkout.session"),
    (Kind::PortalSession, "bps_", "billing_portal.session"),
    (Kind::PortalConfiguration, "bpc_", "configuration"),
    // Before the subscriptions, whose prefix its own begins with.
    (Kind::SubscriptionSchedule, "sub_sched_", "subscription schedule"),
    (Kind::Subscription, "sub_", "subscription"),
    (Kind::Invoice, "in_", "invoice"),
    (Kind::WebhookEndpoint, "we_", "webhook endpoint"),
    (Kind::EventDestination, "ed_", "event destination"),
    (Kind::TestClock, "clock_", "test clock"),
    (Kind::PaymentIntent, "pi_", "payment_intent"),
    (Kind::Charge, "ch_", "charge"),
    (Kind::InvoicePayment, "inpay_", "invoice_payment"),
    (Kind::Refund, "re_", "refund"),
    (Kind::Dispute, "dp_", "dispute"),
    (Kind::PaymentLink, "plink_", "payment_link"),
    (Kind::PromotionCode, "promo_", "promotion code"),
    (Kind::Discount, "di_", "discount"),
    // Whoever makes one may choose its id.
    (Kind::Coupon, "", "coupon"),
];

impl Kind {
    /// Those that are sent events.
    pub(super) const RECEIVERS: [Kind; 2] = [Kind::WebhookEndpoint, Kind::EventDestination];

    /// How many kinds there are.
    pub(super) const COUNT: usize = KINDS.len();

    pub(crate) fn all() -> impl Iterator<Item = Kind> {
        KINDS.iter().map(|(kind, ..)| *kind)
    }

    /// The kind an id names by its prefix.
    pub(crate) fn of_id(id: &str) -> Option<Kind> {
        KINDS
            .iter()
            .find(|(_, prefix, _)| !prefix.is_empty() && id.starts_with(prefix))
            .map(|(kind, _, _)| *kind)
    }

    /// What Stripe's error messages call it.
    pub(crate) fn noun(self) -> &'static str {
        KINDS[self as usize].2
    }

    pub(crate) fn prefix(self) -> &'static str {
        KINDS[self as usize].1
    }
}
