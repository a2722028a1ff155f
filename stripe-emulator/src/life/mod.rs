//! What happens to a subscription, an invoice, a discount, a payment, a schedule, a customer, a checkout.
//! What starts it (a call, a page, the clock) is elsewhere.

pub(crate) mod calendar;
pub(crate) mod card;
pub(crate) mod checkout;
pub(crate) mod checkout_shape;
pub(crate) mod customer;
pub(crate) mod discount;
pub(crate) mod discount_invoice;
pub(crate) mod dispute;
pub(crate) mod dispute_shape;
pub(crate) mod due;
pub(crate) mod invoice;
pub(crate) mod invoice_payment;
pub(crate) mod invoice_shape;
pub(crate) mod line_items;
pub(crate) mod payment;
pub(crate) mod payment_link;
pub(crate) mod payment_shape;
pub(crate) mod pending_update;
pub(crate) mod portal_offer;
pub(crate) mod price;
pub(crate) mod product;
pub(crate) mod refund;
pub(crate) mod schedule;
pub(crate) mod schedule_shape;
pub(crate) mod subscription;
pub(crate) mod subscription_items;
pub(crate) mod subscription_shape;
