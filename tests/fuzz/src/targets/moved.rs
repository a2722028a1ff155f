//! Objects with fields that Stripe moved between API versions: the same object in an older shape means the
//! same.

use serde_json::Value;
use shared::domain::subscription::Snapshot;
use shared::stripe::wire::invoice::Invoice;
use shared::stripe::wire::subscription::Subscription;

use super::older::{self, Move};

/// An object in the newest shape, then in each older one that can hold it.
pub fn run(input: &[u8]) {
    let Ok(newest) = serde_json::from_slice::<Value>(input) else { return };
    compare(&newest, &older::SUBSCRIPTION, &subscription);
    compare(&newest, &older::INVOICE, &invoice);
}

fn compare<T: PartialEq + std::fmt::Debug>(
    newest: &Value,
    moves: &[(&str, Move)],
    read: &dyn Fn(&Value) -> Option<T>,
) {
    let Some(expected) = read(newest) else { return };
    let mut oldest = newest.clone();
    for (name, make_older) in moves {
        if let Some(older) = make_older(newest) {
            assert_eq!(read(&older).as_ref(), Some(&expected), "{name}: {newest} is {older}");
        }
        if let Some(older) = make_older(&oldest) {
            oldest = older;
        }
    }
    assert_eq!(read(&oldest).as_ref(), Some(&expected), "all: {newest} is {oldest}");
}

/// What is read of a subscription. The period of an item is the subscription's in an older shape.
fn subscription(value: &Value) -> Option<Snapshot> {
    let mut snapshot = Snapshot::from(serde_json::from_value::<Subscription>(value.clone()).ok()?);
    snapshot.items.iter_mut().for_each(|item| item.period = None);
    Some(snapshot)
}

/// What is read of an invoice: subscription, customer, organizations.
fn invoice(value: &Value) -> Option<impl PartialEq + std::fmt::Debug + use<>> {
    let invoice: Invoice = serde_json::from_value(value.clone()).ok()?;
    Some((invoice.subscription(), invoice.customer(), invoice.orgs()))
}
