//! Discounts, in every API version.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::second;
use crate::domain::discount::{Discount, Terms};

/// A discount's id, as events carry it, or the whole discount.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum IdOrDiscount {
    Id(String),
    Discount(Box<Whole>),
    /// One that nobody can read shall not hide its subscription.
    Unreadable(IgnoredAny),
}

#[derive(Debug, Deserialize)]
pub(super) struct Whole {
    /// Absent before discounts had ids: there was one.
    #[serde(default = "unnamed")]
    id: String,
    /// Until 2025-09-30.clover; then in `source`.
    coupon: Option<IdOrCoupon>,
    source: Option<Source>,
    end: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Source {
    coupon: Option<IdOrCoupon>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum IdOrCoupon {
    Coupon(Coupon),
    Id(IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct Coupon {
    name: Option<String>,
    percent_off: Option<f64>,
    amount_off: Option<i64>,
    currency: Option<String>,
    duration: Option<String>,
}

/// The discounts of a subscription: `named`, in order; before 2025-03-31.basil, `whole` says more of the
/// first. Then those of its items, which are only named.
pub(super) fn discounts(
    named: Vec<IdOrDiscount>,
    whole: Option<IdOrDiscount>,
    of_items: Vec<IdOrDiscount>,
) -> Vec<Discount> {
    let mut discounts: Vec<Discount> = named.into_iter().map(Discount::from).collect();
    if let Some(whole) = whole.map(Discount::from) {
        match discounts.iter_mut().find(|known| known.id == whole.id) {
            Some(known) => known.terms = known.terms.take().or(whole.terms),
            None => discounts.insert(0, whole),
        }
    }
    let of_items = of_items.into_iter().map(Discount::from);
    discounts.extend(of_items.map(|discount| Discount { item: true, terms: None, ..discount }));
    discounts
}

impl From<IdOrDiscount> for Discount {
    fn from(wire: IdOrDiscount) -> Self {
        let (id, terms) = match wire {
            IdOrDiscount::Id(id) => (id, None),
            IdOrDiscount::Discount(whole) => (whole.id.clone(), Some(Terms::from(*whole))),
            IdOrDiscount::Unreadable(_) => (unnamed(), Some(Terms::default())),
        };
        Self { id, item: false, terms }
    }
}

impl From<Whole> for Terms {
    fn from(wire: Whole) -> Self {
        let ends_at = wire.end.and_then(second);
        match wire.coupon.or(wire.source.and_then(|source| source.coupon)) {
            Some(IdOrCoupon::Coupon(coupon)) => Self {
                name: coupon.name,
                percent_off: coupon.percent_off,
                amount_off: coupon.amount_off,
                currency: coupon.currency,
                duration: coupon.duration,
                ends_at,
            },
            _ => Self { ends_at, ..Self::default() },
        }
    }
}

fn unnamed() -> String {
    "unnamed".to_owned()
}
