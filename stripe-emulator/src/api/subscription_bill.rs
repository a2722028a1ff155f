//! What an update of a subscription costs at once, and what becomes of it if that cannot be paid.

use serde_json::{Value, json};

use crate::life::discount;
use crate::life::discount_invoice::{net_amount, use_up};
use crate::life::invoice;
use crate::life::pending_update;
use crate::life::subscription::{self, Collection};
use crate::life::subscription_items::{Period, amount, period, period_from, set_period};
use crate::store::{Kind, Store};
use crate::wire::errors::Answer;
use crate::wire::params::Params;

/// What an update is billed with at once.
pub(super) enum Bill {
    Nothing,
    /// A period that begins now, which costs this.
    Period(i64),
    /// The rest of the period at a price that differs by this.
    Share(i64),
}

impl Bill {
    pub(super) fn of(
        store: &Store,
        params: &Params,
        before: &Value,
        changed: &Value,
        restarts: bool,
    ) -> Bill {
        let (now, cost) = (store.now(), net_amount(store, changed));
        let difference = amount(changed) - amount(before);
        let Period { start, end } = period(before);
        let is_trial = changed["status"] == "trialing";
        match params.text("proration_behavior") {
            _ if restarts => Bill::Period(cost),
            Some("always_invoice") if difference != 0 && !is_trial => {
                Bill::Share(difference.max(0) * (end - now).max(0) / (end - start).max(1))
            }
            _ => Bill::Nothing,
        }
    }

    pub(super) fn costs(&self) -> bool {
        self.due() > 0
    }

    /// In the currency's smallest unit.
    pub(super) fn due(&self) -> i64 {
        match self {
            Bill::Nothing => 0,
            Bill::Period(cost) | Bill::Share(cost) => *cost,
        }
    }

    fn share(&self) -> Option<i64> {
        if let Bill::Share(share) = self { Some(*share) } else { None }
    }
}

/// Makes the change, and bills it.
pub(super) fn carry_out(
    store: &mut Store,
    id: &str,
    before: &Value,
    mut changed: Value,
    bill: &Bill,
    behavior: Option<&str>,
) -> Answer {
    let collection = match behavior {
        Some("default_incomplete") => Collection::Awaited,
        _ => Collection::AtOnce,
    };
    if matches!(bill, Bill::Period(_)) {
        set_period(&mut changed, period(before));
    }
    discount::announce(store, before, &changed)?;
    store.change(Kind::Subscription, id, "customer.subscription.updated", |subscription| {
        *subscription = changed
    })?;
    match bill {
        Bill::Nothing => {}
        Bill::Period(_) => {
            let now = store.now();
            subscription::start_period(store, id, now, "subscription_update", collection)?;
        }
        Bill::Share(share) => {
            let mut subscription = store.get(Kind::Subscription, id)?.clone();
            let invoice = invoice::draft(store, &subscription, "subscription_update", Some(*share));
            use_up(store, &mut subscription, &invoice)?;
            store
                .change(Kind::Subscription, id, "customer.subscription.updated", |row| *row = subscription)?;
            store.alter(Kind::Subscription, id, |row| row["latest_invoice"] = json!(invoice))?;
            invoice::issue(store, &invoice)?;
            subscription::ask_for(store, id, &invoice, collection)?;
        }
    }
    store.get(Kind::Subscription, id).cloned()
}

/// A payment that fails keeps the whole update back.
pub(super) fn keep_back(
    store: &mut Store,
    id: &str,
    params: &Params,
    mut wanted: Value,
    bill: &Bill,
) -> Answer {
    pending_update::discard(store, id)?;
    if matches!(bill, Bill::Period(_)) {
        wanted["status"] = json!("active");
        let coming = period_from(&wanted, store.now());
        set_period(&mut wanted, coming);
    }
    let invoice = invoice::draft(store, &wanted, "subscription_update", bill.share());
    invoice::issue(store, &invoice)?;
    let metadata = params.get("metadata").cloned().unwrap_or_default();
    pending_update::keep_back(store, id, &wanted, metadata, &invoice)?;
    subscription::settle(store, id, &invoice, false)?;
    store.get(Kind::Subscription, id).cloned()
}
