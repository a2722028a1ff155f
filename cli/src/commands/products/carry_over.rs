//! What a new price takes over from the one that it replaces: all that the table `plans` says nothing about.

use std::collections::HashMap;

use shared::domain::plan::Interval;
use stripe_product::price::{
    CreatePrice, CreatePriceCurrencyOptions, CreatePriceRecurring, CreatePriceRecurringInterval,
};
use stripe_shared::PriceTaxBehavior;
use stripe_types::Currency;

use crate::catalog::{CurrencyOption, Price, Wanted};

/// What Stripe says of a tax behavior that nobody chose.
const UNSPECIFIED: &str = "unspecified";

/// How often the new price is paid, with the trial of the old one.
pub fn recurring(wanted: &Wanted, old: Option<&Price>) -> CreatePriceRecurring {
    let mut recurring = CreatePriceRecurring::new(match wanted.interval {
        Interval::Month => CreatePriceRecurringInterval::Month,
        Interval::Year => CreatePriceRecurringInterval::Year,
    });
    let before = old.and_then(|old| old.recurring.as_ref());
    recurring.trial_period_days = before.and_then(|before| before.trial_period_days);
    recurring
}

/// The metadata of the new price: the old one's, and ours over them.
pub fn metadata(ours: HashMap<String, String>, old: Option<&Price>) -> HashMap<String, String> {
    let mut metadata = old.map(|old| old.metadata.0.clone()).unwrap_or_default();
    metadata.extend(ours);
    metadata
}

/// The old price's nickname, tax behavior and amounts in other currencies.
pub fn onto(mut request: CreatePrice, wanted: &Wanted, old: &Price) -> CreatePrice {
    if let Some(nickname) = &old.nickname {
        request = request.nickname(nickname.as_str());
    }
    if let Some(tax) = tax_behavior(old.tax_behavior.as_deref()) {
        request = request.tax_behavior(tax);
    }
    let options: HashMap<Currency, CreatePriceCurrencyOptions> = other_currencies(wanted, old)
        .filter_map(|(currency, option)| Some((currency.parse().ok()?, charged(option)?)))
        .collect();
    if options.is_empty() { request } else { request.currency_options(options) }
}

/// The currencies besides the plan's in which the old price was sold too. Their amounts are nobody's but the
/// operator's.
pub fn other_currencies<'a>(
    wanted: &'a Wanted,
    old: &'a Price,
) -> impl Iterator<Item = (&'a str, &'a CurrencyOption)> {
    let options = old.currency_options.iter().map(|(currency, option)| (currency.as_str(), option));
    options.filter(|(currency, option)| {
        *currency != old.currency && *currency != wanted.currency && charged(option).is_some()
    })
}

/// None: tiers, which a price of ours does not have.
fn charged(option: &CurrencyOption) -> Option<CreatePriceCurrencyOptions> {
    let mut charged = CreatePriceCurrencyOptions::new();
    charged.tax_behavior = tax_behavior(option.tax_behavior.as_deref());
    match (option.unit_amount, &option.unit_amount_decimal) {
        (Some(amount), _) => charged.unit_amount = Some(amount),
        (None, Some(decimal)) => charged.unit_amount_decimal = Some(decimal.clone()),
        (None, None) => return None,
    }
    Some(charged)
}

fn tax_behavior(said: Option<&str>) -> Option<PriceTaxBehavior> {
    said.filter(|said| *said != UNSPECIFIED)?.parse().ok()
}
