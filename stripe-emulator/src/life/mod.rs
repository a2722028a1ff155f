//! What happens to a subscription, an invoice, a schedule, a customer, a checkout. What starts it (a call, a
//! page, the clock) is elsewhere.

pub(crate) mod calendar;
pub(crate) mod checkout;
pub(crate) mod checkout_shape;
pub(crate) mod customer;
pub(crate) mod due;
pub(crate) mod invoice;
pub(crate) mod invoice_shape;
pub(crate) mod product;
pub(crate) mod schedule;
pub(crate) mod schedule_shape;
pub(crate) mod subscription;
pub(crate) mod subscription_items;
pub(crate) mod subscription_shape;
