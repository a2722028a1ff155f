//! The portal's form for another plan or quantity: each plan once, and a switch between monthly and yearly
//! where there is a choice. It works without JavaScript: `pages.css` shows the prices of the rhythm that is
//! chosen.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::format::{adverb, price};
use super::html::Template;
use super::portal_card::Cards;
use crate::life::portal_offer::{changeable_item, key_of_rhythm};
use crate::life::subscription_items::has_price;
use crate::wire::value::text;

const CHANGE: &str = include_str!("templates/portal_change.html");
const SWITCH: &str = include_str!("templates/portal_switch.html");
const RHYTHM: &str = include_str!("templates/portal_rhythm.html");
const PLANS: &str = include_str!("templates/portal_plans.html");
const OPTION: &str = include_str!("templates/portal_option.html");
const PRICE: &str = r#"<small class="per per-{{at}}">{{price}}</small>"#;
const QUANTITY: &str = include_str!("templates/portal_quantity.html");
const CURRENT: &str = r#" <span class="pill pill-plan per per-{{at}}">Current</span>"#;
const NEXT: &str = r#" <span class="pill pill-plan per per-{{at}}">Next</span>"#;

/// A plan: its prices, each with the place of its rhythm on the switch.
type Plan<'a> = Vec<(usize, &'a Value)>;

impl Cards<'_> {
    /// The form, as far as a plan or a quantity can be chosen.
    pub(super) fn change(&self, subscription: &Value) -> String {
        let Some(item) = changeable_item(subscription) else { return String::new() };
        let prices = self.offer.prices(subscription);
        let current = self.offer.quantities(&item["price"]);
        let bounds = current.clone().or_else(|| prices.iter().find_map(|price| self.offer.quantities(price)));
        if prices.is_empty() && bounds.is_none() {
            return String::new();
        }
        let rhythms = rhythms(&prices);
        let shown = rhythms.iter().position(|rhythm| *rhythm == key_of_rhythm(&item["price"])).unwrap_or(0);
        let options: String =
            plans(&prices, &rhythms).iter().map(|plan| self.option(subscription, plan)).collect();
        let plans = Template::new(PLANS).markup("options", &options).render();
        let quantity = bounds.map(|bounds| {
            Template::new(QUANTITY)
                .text("minimum", &bounds.start().to_string())
                .text("maximum", &bounds.end().to_string())
                .markup("disabled", if current.is_some() { "" } else { "disabled" })
                .render()
        });
        Template::new(CHANGE)
            .markup("switch", &switch(&rhythms, shown))
            .markup("plans", if prices.is_empty() { "" } else { &plans })
            .markup("quantity", &quantity.unwrap_or_default())
            .render()
    }

    fn option(&self, subscription: &Value, plan: &Plan<'_>) -> String {
        let is_current = |price: &Value| has_price(subscription, text(&price["id"]));
        let next = self.next(subscription).map(|(_, _, next)| &next["id"]);
        let has = plan.iter().find(|(_, price)| is_current(price));
        let Some((_, named)) = has.or(plan.first()) else { return String::new() };
        let (mut places, mut prices) = (String::new(), String::new());
        for (at, of) in plan {
            let place = match next {
                _ if is_current(of) => Some(CURRENT),
                Some(next) if *next == of["id"] => Some(NEXT),
                _ => None,
            };
            let at = at.to_string();
            let tagged = place.map(|markup| Template::new(markup).text("at", &at).render());
            places += &tagged.unwrap_or_default();
            prices += &Template::new(PRICE).text("at", &at).text("price", &price(of)).render();
        }
        let bounds = self.offer.quantities(named);
        let limit = |bound: Option<&i64>| bound.map_or_else(String::new, i64::to_string);
        Template::new(OPTION)
            .text("key", text(&named["id"]))
            .text("minimum", &limit(bounds.as_ref().map(RangeInclusive::start)))
            .text("maximum", &limit(bounds.as_ref().map(RangeInclusive::end)))
            .markup("selected", if has.is_some() { " checked" } else { "" })
            .markup("places", &places)
            .markup("prices", &prices)
            .text("name", self.product(named))
            .render()
    }
}

/// Every rhythm once, the shortest first, as the prices are in order.
fn rhythms(prices: &[&Value]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for rhythm in prices.iter().map(|price| key_of_rhythm(price)) {
        if !found.contains(&rhythm) {
            found.push(rhythm);
        }
    }
    found
}

/// Every plan once. Of two prices of one product in one rhythm, the second is a plan of its own.
fn plans<'a>(prices: &[&'a Value], rhythms: &[String]) -> Vec<Plan<'a>> {
    let mut found: Vec<Plan<'a>> = Vec::new();
    for price in prices {
        let rhythm = key_of_rhythm(price);
        let at = rhythms.iter().position(|known| *known == rhythm).unwrap_or(0);
        let is_other = |plan: &&mut Plan<'a>| {
            plan.iter().all(|(place, other)| *place != at && other["product"] == price["product"])
        };
        match found.iter_mut().find(is_other) {
            Some(plan) => plan.push((at, *price)),
            None => found.push(vec![(at, *price)]),
        }
    }
    found
}

fn switch(rhythms: &[String], shown: usize) -> String {
    if rhythms.len() < 2 {
        return String::new();
    }
    let choice = |(at, rhythm): (usize, &String)| {
        Template::new(RHYTHM)
            .text("at", &at.to_string())
            .text("key", rhythm)
            .text("label", &adverb(rhythm))
            .markup("checked", if at == shown { " checked" } else { "" })
            .render()
    };
    let choices: String = rhythms.iter().enumerate().map(choice).collect();
    Template::new(SWITCH).markup("choices", &choices).render()
}
