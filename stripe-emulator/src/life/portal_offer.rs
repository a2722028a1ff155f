//! What a portal's configuration lets its customer do. The page shows this and no more, and a form that asks
//! for more is refused.

use std::ops::RangeInclusive;

use serde::Deserialize;
use serde_json::Value;

use super::calendar::Interval;
use super::schedule::upcoming;
use super::subscription_items::items;
use crate::store::{Kind, Store};
use crate::wire::value::{number, text};

/// The bounds of an adjustable quantity that names none.
const QUANTITIES: RangeInclusive<i64> = 1..=999;

const INTERVALS: [&str; 4] = ["day", "week", "month", "year"];

/// What a form of the page asks for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    pub(crate) act: String,
    pub(crate) price: Option<String>,
    pub(crate) quantity: Option<i64>,
    /// The rhythm that the switch over the plans stands at: `price` names the plan, and this which of its
    /// prices.
    pub(crate) rhythm: Option<String>,
    /// The invoice to pay. None: the newest.
    pub(crate) invoice: Option<String>,
}

impl Wish {
    /// What a flow that confirms a change asks for.
    pub(crate) fn of(flow: &Value) -> Wish {
        let item = &flow["subscription_update_confirm"]["items"][0];
        let quantity = item["quantity"].as_str().and_then(|quantity| quantity.parse().ok());
        let price = item["price"].as_str().map(str::to_owned);
        Wish { act: "change".to_owned(), price, quantity, ..Wish::default() }
    }
}

pub(crate) struct Offer<'a> {
    store: &'a Store,
    features: &'a Value,
}

impl<'a> Offer<'a> {
    pub(crate) fn of(store: &'a Store, session: &Value) -> Offer<'a> {
        let configuration = store.table(Kind::PortalConfiguration).get(text(&session["configuration"]));
        Offer { store, features: configuration.map_or(&Value::Null, |found| &found["features"]) }
    }

    pub(crate) fn allows(&self, subscription: &Value, wish: &Wish) -> bool {
        match wish.act.as_str() {
            "cancel_at_period_end" => self.cancel_mode() == Some("at_period_end"),
            "cancel_now" => self.cancel_mode() == Some("immediately"),
            "resume" => self.resumes(subscription),
            "keep" => self.keeps(subscription),
            "pay" => self.shows_invoices(),
            "change" => self.changes(subscription, wish),
            _ => false,
        }
    }

    /// `at_period_end` or `immediately`; none if nobody cancels here.
    pub(crate) fn cancel_mode(&self) -> Option<&'a str> {
        self.has("subscription_cancel").then(|| text(&self.features["subscription_cancel"]["mode"]))
    }

    /// A scheduled end is taken back where one may cancel; a pause ends with a card.
    pub(crate) fn resumes(&self, subscription: &Value) -> bool {
        let is_paused = subscription["status"] == "paused";
        self.has(if is_paused { "payment_method_update" } else { "subscription_cancel" })
    }

    /// Another card is given where the configuration says so.
    pub(crate) fn takes_cards(&self) -> bool {
        self.has("payment_method_update")
    }

    /// A change that waits is taken back where one may change.
    pub(crate) fn keeps(&self, subscription: &Value) -> bool {
        self.has("subscription_update") && upcoming(self.store, subscription).is_some()
    }

    /// An open invoice is paid on its own page, which the history leads to.
    pub(crate) fn shows_invoices(&self) -> bool {
        self.has("invoice_history")
    }

    /// The prices to change to, the cheapest of the shortest interval first.
    pub(crate) fn prices(&self, subscription: &Value) -> Vec<&'a Value> {
        if !self.updates("price") || changeable_item(subscription).is_none() {
            return Vec::new();
        }
        let listed = self.products().iter().filter_map(|listed| listed["prices"].as_array()).flatten();
        let found = listed.filter_map(|id| self.store.table(Kind::Price).get(text(id)));
        let mut prices: Vec<_> = found.filter(|price| price["active"] == true).collect();
        let interval =
            |price: &Value| INTERVALS.iter().position(|name| price["recurring"]["interval"] == *name);
        prices.sort_by_key(|price| (interval(price), number(&price["unit_amount"])));
        prices
    }

    /// The wish with the price that its plan has in its rhythm. None: the plan is not sold so.
    pub(crate) fn settled(&self, subscription: &Value, wish: Wish) -> Option<Wish> {
        let Some(wanted) = &wish.rhythm else { return Some(wish) };
        let prices = self.prices(subscription);
        let Some(named) =
            prices.iter().find(|price| price["id"] == wish.price.as_deref().unwrap_or_default())
        else {
            return Some(Wish { rhythm: None, ..wish });
        };
        let is_in_rhythm = |price: &Value| key_of_rhythm(price) == *wanted;
        let sold = |price: &Value| price["product"] == named["product"] && is_in_rhythm(price);
        let found = if is_in_rhythm(named) { Some(named) } else { prices.iter().find(|price| sold(price)) };
        found.map(|price| Wish { price: Some(text(&price["id"]).to_owned()), rhythm: None, ..wish })
    }

    /// Whether a change comes to what there is, or to what waits for the period's end already.
    pub(crate) fn is_so_already(&self, subscription: &Value, wish: &Wish) -> bool {
        let Some(item) = changeable_item(subscription) else { return false };
        let price = wish.price.as_deref().unwrap_or(text(&item["price"]["id"]));
        let quantity = wish.quantity.unwrap_or(number(&item["quantity"]));
        match upcoming(self.store, subscription).map(|phase| &phase["items"][0]) {
            Some(next) => next["price"] == price && next["quantity"] == quantity,
            None => item["price"]["id"] == price && item["quantity"] == quantity,
        }
    }

    /// The quantities that may be chosen of a price's product.
    pub(crate) fn quantities(&self, price: &Value) -> Option<RangeInclusive<i64>> {
        let listed = self.products().iter().find(|listed| listed["product"] == price["product"])?;
        let adjustable = &listed["adjustable_quantity"];
        let bound = |name: &str, otherwise: &i64| adjustable[name].as_i64().unwrap_or(*otherwise);
        let bounds = bound("minimum", QUANTITIES.start())..=bound("maximum", QUANTITIES.end());
        (self.updates("quantity") && adjustable["enabled"] == true).then_some(bounds)
    }

    /// Whether a change waits for the end of the period that is paid. Where no period runs, nothing is.
    pub(crate) fn waits(&self, subscription: &Value, wish: &Wish) -> bool {
        let Some(item) = changeable_item(subscription) else { return false };
        let wanted = wish.price.as_deref().and_then(|id| self.store.table(Kind::Price).get(id));
        let price = wanted.unwrap_or(&item["price"]);
        let amount = |price: &Value, quantity: i64| number(&price["unit_amount"]) * quantity;
        let current = number(&item["quantity"]);
        let decreases = amount(price, wish.quantity.unwrap_or(current)) < amount(&item["price"], current);
        let shortens = Interval::of(price).is_shorter_than(Interval::of(&item["price"]));
        let conditions =
            self.features["subscription_update"]["schedule_at_period_end"]["conditions"].as_array();
        let holds = |condition: &Value| match text(&condition["type"]) {
            "decreasing_item_amount" => decreases,
            "shortening_interval" => shortens,
            _ => false,
        };
        let runs = matches!(text(&subscription["status"]), "active" | "past_due" | "trialing");
        runs && conditions.is_some_and(|conditions| conditions.iter().any(holds))
    }

    pub(crate) fn proration_behavior(&self) -> &'a str {
        text(&self.features["subscription_update"]["proration_behavior"])
    }

    fn changes(&self, subscription: &Value, wish: &Wish) -> bool {
        let Some(item) = changeable_item(subscription) else { return false };
        let price = match wish.price.as_deref() {
            Some(wanted) if item["price"]["id"] != wanted => {
                self.prices(subscription).into_iter().find(|price| price["id"] == wanted)
            }
            _ => Some(&item["price"]),
        };
        let Some(price) = price else { return false };
        let current = number(&item["quantity"]);
        let quantity = wish.quantity.unwrap_or(current);
        let is_update = self.updates("price") || self.updates("quantity");
        // Of what cannot be adjusted, one may be had in place of several of another.
        let kept = quantity == current || quantity == 1;
        is_update && self.quantities(price).map_or(kept, |bounds| bounds.contains(&quantity))
    }

    fn updates(&self, what: &str) -> bool {
        let allowed = self.features["subscription_update"]["default_allowed_updates"].as_array();
        self.has("subscription_update")
            && allowed.is_some_and(|allowed| allowed.iter().any(|one| one == what))
    }

    fn products(&self) -> &'a [Value] {
        self.features["subscription_update"]["_products"].as_array().map_or(&[], Vec::as_slice)
    }

    fn has(&self, feature: &str) -> bool {
        self.features[feature]["enabled"] == true
    }
}

/// How often a price recurs, as the switch over the plans names it: `month`, `3 month`.
pub(crate) fn key_of_rhythm(price: &Value) -> String {
    let interval = text(&price["recurring"]["interval"]);
    match number(&price["recurring"]["interval_count"]) {
        0 | 1 => interval.to_owned(),
        count => format!("{count} {interval}"),
    }
}

/// What there is to change: like Stripe's, the portal changes no subscription to several things, and none
/// that is to end before it is resumed.
pub(crate) fn changeable_item(subscription: &Value) -> Option<&Value> {
    match items(subscription) {
        [item] if subscription["cancel_at"].is_null() => Some(item),
        _ => None,
    }
}
