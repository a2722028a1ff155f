//! The prices of a plan in catalogue.toml.

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::domain::plan::{Interval, PlanCode};
use toml::Spanned;

use super::Problems;
use crate::catalog::listed::Listed;
use crate::commands::catalogue::names::{is_currency, is_price};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceTable {
    interval: Option<Spanned<String>>,
    amount: Option<Spanned<i64>>,
    currency: Option<Spanned<String>>,
    stripe_price: Option<Spanned<String>>,
    #[serde(default = "is_sold")]
    sold: bool,
}

fn is_sold() -> bool {
    true
}

/// What a plan is sold for.
#[derive(Default)]
pub(super) struct Prices {
    /// Of those that have a lookup key of ours; else of the first that is sold.
    pub currency: Option<String>,
    pub month: Option<i32>,
    pub year: Option<i32>,
    pub listed: BTreeMap<String, Listed>,
}

/// A price as far as it can be read.
struct Read {
    interval: Option<Interval>,
    amount: Option<i32>,
    currency: Option<String>,
}

impl Problems<'_> {
    pub(super) fn prices(&mut self, code: &str, prices: &[Spanned<PriceTable>]) -> Prices {
        let mut read = Prices::default();
        let mut sold: Vec<(Interval, String)> = Vec::new();
        for (at, table) in prices.iter().enumerate() {
            let place = format!("plans.{code}.prices[{at}]");
            let price = table.get_ref();
            let Read { interval, amount, currency } = self.price(&place, price);
            let is_whole = price.interval.is_some() && price.amount.is_some() && price.currency.is_some();
            if !is_whole && (price.sold || price.stripe_price.is_none()) {
                let sentence = "Give interval, amount and currency. A price that Stripe has and that is not \
                                sold needs stripe_price and sold = false alone.";
                self.at(table, &place, sentence);
                continue;
            }
            if let (true, Some(interval), Some(word)) = (price.sold, interval, &currency) {
                if sold.contains(&(interval, word.clone())) {
                    let sentence = format!("The plan has a price by this interval in {word} already.");
                    self.at(table, &format!("{place}.interval"), &sentence);
                }
                sold.push((interval, word.clone()));
            }
            match &price.stripe_price {
                Some(id) => {
                    self.listed(code, &place, id);
                    let listed = Listed { interval, currency, amount, sold: price.sold };
                    read.listed.insert(id.get_ref().clone(), listed);
                }
                None => self.ours(&place, price, (interval, amount, currency), &mut read),
            }
        }
        let first = prices.iter().map(Spanned::get_ref).find(|price| price.sold);
        read.currency = read
            .currency
            .or_else(|| first.and_then(|price| Some(price.currency.as_ref()?.get_ref().clone())));
        read
    }

    /// What its fields say, each by itself.
    fn price(&mut self, place: &str, price: &PriceTable) -> Read {
        let amount = price.amount.as_ref().map(|amount| {
            let cents = i32::try_from(*amount.get_ref()).ok().filter(|cents| *cents >= 0);
            if cents.is_none() {
                let sentence = "Give the price in the currency's smallest unit, from 0 to 2147483647.";
                self.at(amount, &format!("{place}.amount"), sentence);
            }
            cents.unwrap_or_default()
        });
        let currency = price.currency.as_ref().map(|currency| {
            if !is_currency(currency.get_ref()) {
                self.at(currency, &format!("{place}.currency"), "Give three small letters, such as usd.");
            }
            currency.get_ref().clone()
        });
        let interval = price.interval.as_ref().and_then(|interval| {
            let read = interval.get_ref().parse().ok();
            if read.is_none() {
                self.at(interval, &format!("{place}.interval"), "Give month or year.");
            }
            read
        });
        Read { interval, amount, currency }
    }

    /// One that Stripe has already.
    fn listed(&mut self, code: &str, place: &str, id: &Spanned<String>) {
        let field = format!("{place}.stripe_price");
        if code == PlanCode::FREE {
            self.at(id, &field, "Everybody has the plan pilot: nobody pays for it.");
        }
        if !is_price(id.get_ref()) {
            self.at(id, &field, "Give the id of a price at Stripe, such as price_1SXk2LPp.");
        } else if !self.listed.insert(id.get_ref().clone()) {
            self.at(id, &field, &format!("{} stands here twice.", id.get_ref()));
        }
    }

    /// One that is made at Stripe, with a lookup key of ours.
    fn ours(
        &mut self,
        place: &str,
        price: &PriceTable,
        (interval, amount, currency): (Option<Interval>, Option<i32>, Option<String>),
        read: &mut Prices,
    ) {
        let (Some(table), Some(currency)) = (&price.currency, currency) else { return };
        if !price.sold {
            let sentence = "Only a price that Stripe has already can be kept without being sold. Give its \
                            stripe_price, or leave it out.";
            self.at(table, &format!("{place}.sold"), sentence);
        }
        let known = read.currency.get_or_insert_with(|| currency.clone());
        if is_currency(&currency) && *known != currency {
            let sentence = format!(
                "Another price of the plan is in {known}. Make this one at Stripe, and give its stripe_price."
            );
            self.at(table, &format!("{place}.currency"), &sentence);
        }
        match interval {
            Some(Interval::Month) => read.month = amount,
            Some(Interval::Year) => read.year = amount,
            None => {}
        }
    }
}
