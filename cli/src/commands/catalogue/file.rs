//! catalogue.toml, read and held against what can be. Each problem is a sentence with its line and field.

mod prices;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use shared::domain::plan::PlanCode;
use toml::Spanned;

use self::prices::{PriceTable, Prices};
use super::names::{is_flag, is_lookup_key, is_taken_for};
use super::{Catalogue, Error, Plan};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    flags: BTreeMap<String, Spanned<String>>,
    plans: BTreeMap<String, Spanned<PlanTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanTable {
    name: Spanned<String>,
    #[serde(default)]
    description: String,
    rank: Spanned<i64>,
    seats: Spanned<i64>,
    #[serde(default)]
    more_seats: bool,
    lookup_key: Spanned<String>,
    flags: Vec<Spanned<String>>,
    #[serde(default)]
    prices: Vec<Spanned<PriceTable>>,
}

/// Reads the file.
///
/// # Errors
/// [`Error::NoFile`]; [`Error::Wrong`] with every problem there is.
pub fn read(path: &Path) -> Result<Catalogue, Error> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Error::NoFile(name.clone(), error))?;
    parse(&name, &text).map_err(Error::Wrong)
}

/// What the text of a file of this name says.
///
/// # Errors
/// Every problem there is, a sentence each.
pub fn parse(name: &str, text: &str) -> Result<Catalogue, Vec<String>> {
    let mut problems = Problems { name, text, listed: BTreeSet::new(), found: Vec::new() };
    let wrong = |error: toml::de::Error, field: &str| {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().trim_end_matches('.');
        vec![in_one_line(format!("{name}, line {}{field}: {message}.", line_of(text, at)))]
    };
    let document = toml::Deserializer::parse(text).map_err(|error| wrong(error, ""))?;
    let document: Document = serde_path_to_error::deserialize(document).map_err(|error| {
        let path = error.path().to_string().replace(".$__serde_spanned_private_value", "");
        let field = if path == "." { String::new() } else { format!(", {path}") };
        wrong(error.into_inner(), &field)
    })?;
    let catalogue = problems.read(document);
    if problems.found.is_empty() { Ok(catalogue) } else { Err(problems.found) }
}

/// Names that a file quotes may have line breaks.
fn in_one_line(sentence: String) -> String {
    sentence.replace(['\n', '\r'], " ")
}

/// Lines count from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

struct Problems<'a> {
    name: &'a str,
    text: &'a str,
    /// The ids of prices at Stripe that stand in it.
    listed: BTreeSet<String>,
    found: Vec<String>,
}

impl Problems<'_> {
    fn at<T>(&mut self, place: &Spanned<T>, field: &str, sentence: &str) {
        let line = line_of(self.text, place.span().start);
        self.found.push(in_one_line(format!("{}, line {line}, {field}: {sentence}", self.name)));
    }

    fn read(&mut self, document: Document) -> Catalogue {
        for (flag, about) in &document.flags {
            if !is_flag(flag) {
                let sentence = "A flag's name has letters, digits and _, and begins with a letter.";
                self.at(about, &format!("flags.{flag}"), sentence);
            }
        }
        self.compare(&document.plans);
        let flags: BTreeMap<String, String> =
            document.flags.into_iter().map(|(flag, about)| (flag, about.into_inner())).collect();
        let plans = document.plans.into_iter();
        let plans = plans.map(|(code, plan)| {
            let plan = self.plan(&code, plan, &flags);
            (code, plan)
        });
        let plans = plans.collect();
        Catalogue { plans, flags }
    }

    /// What holds between plans.
    fn compare(&mut self, plans: &BTreeMap<String, Spanned<PlanTable>>) {
        if !plans.contains_key(PlanCode::FREE) {
            let sentence = "There is no plan pilot, which everybody has. Add [plans.pilot] with rank 0.";
            self.found.push(format!("{}, plans: {sentence}", self.name));
        }
        for (code, plan) in plans {
            for (other, earlier) in plans.range::<String, _>(..code) {
                let (plan, earlier) = (plan.get_ref(), earlier.get_ref());
                if plan.rank.get_ref() == earlier.rank.get_ref() {
                    let sentence = format!("{other} has the same rank. Give each plan its own.");
                    self.at(&plan.rank, &format!("plans.{code}.rank"), &sentence);
                }
                let (key, known) = (plan.lookup_key.get_ref(), earlier.lookup_key.get_ref());
                if key == known || is_taken_for(key, known) || is_taken_for(known, key) {
                    let sentence = format!("Prices of it would be taken for {other}'s. Give it another key.");
                    self.at(&plan.lookup_key, &format!("plans.{code}.lookup_key"), &sentence);
                }
            }
        }
    }

    fn plan(&mut self, code: &str, plan: Spanned<PlanTable>, flags: &BTreeMap<String, String>) -> Plan {
        let field = |name: &str| format!("plans.{code}.{name}");
        if code.parse::<PlanCode>().is_err() {
            let sentence = "A plan's code has small letters, digits, _ and -, and begins with a letter.";
            self.at(&plan, &format!("plans.{code}"), sentence);
        }
        let plan = plan.into_inner();
        if plan.name.get_ref().trim().is_empty() {
            self.at(&plan.name, &field("name"), "Customers read the name. Give one.");
        }
        let rank = i16::try_from(*plan.rank.get_ref()).unwrap_or(-1);
        match (code == PlanCode::FREE, rank) {
            (true, 1..) => {
                self.at(&plan.rank, &field("rank"), "Everybody has the plan pilot. Give it rank 0.")
            }
            (false, 0) => self.at(&plan.rank, &field("rank"), "Rank 0 is pilot's. Give a higher one."),
            (_, i16::MIN..=-1) => self.at(&plan.rank, &field("rank"), "Give a whole number from 0 to 32767."),
            _ => {}
        }
        let seats = i32::try_from(*plan.seats.get_ref()).unwrap_or(0);
        if seats < 1 {
            self.at(&plan.seats, &field("seats"), "A plan includes at least one seat. Give a whole number.");
        }
        if !is_lookup_key(plan.lookup_key.get_ref()) {
            self.at(&plan.lookup_key, &field("lookup_key"), "Give small letters, digits, _ and -.");
        }
        let mut on: BTreeMap<String, bool> = flags.keys().map(|flag| (flag.clone(), false)).collect();
        for flag in &plan.flags {
            match on.get_mut(flag.get_ref()) {
                None => {
                    let sentence = format!("There is no flag {}. Add it under [flags].", flag.get_ref());
                    self.at(flag, &field("flags"), &sentence);
                }
                Some(already) if *already => {
                    self.at(flag, &field("flags"), &format!("{} stands here twice.", flag.get_ref()));
                }
                Some(off) => *off = true,
            }
        }
        let Prices { currency, month, year, listed } = self.prices(code, &plan.prices);
        Plan {
            name: plan.name.into_inner(),
            description: plan.description,
            rank,
            seats,
            more_seats: plan.more_seats,
            currency: currency.unwrap_or_else(|| "usd".to_owned()),
            month,
            year,
            lookup_key: plan.lookup_key.into_inner(),
            prices: listed,
            flags: on,
        }
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
