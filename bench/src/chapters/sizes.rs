//! Reads that cost less, and reads that must not cost more: what did not change, what is remembered, a person
//! with many organizations, an organization with many subscriptions.

use super::{Database, MANY_ORGANIZATIONS, MANY_SUBSCRIPTIONS, ONE_ORGANIZATION, ONE_SUBSCRIPTION};
use crate::requests::Asker;
use crate::rounds::Measure;

/// All of them, one at a time.
pub fn sizes<'a>(database: &'a Database<'a>) -> Vec<Measure<'a>> {
    let organizations = database.population.organizations;
    // The people with many organizations have the numbers after the last organization's (people.sql).
    let kinds = [
        ("entitlements for people who come for the first time", Asker::Newcomer, false),
        ("entitlements that have not changed (304)", Asker::WithTheAnswer, false),
        ("entitlements from an instance's memory", Asker::AgainAndAgain, true),
        (ONE_ORGANIZATION, Asker::Person(2, 2, 2), false),
        ("entitlements for a member of 100 organizations", Asker::Person(organizations + 100, 2, 100), false),
        (MANY_ORGANIZATIONS, Asker::Person(organizations + 10_000, 2, 10_000), false),
        (ONE_SUBSCRIPTION, Asker::Person(2, 2, 2), false),
        (MANY_SUBSCRIPTIONS, Asker::Person(1, 1, 1), false),
    ];
    let measure = |(what, asker, remembered): (&str, Asker, bool)| {
        let run = Box::new(move || database.entitlements(asker, remembered, 1));
        Measure { what: what.to_owned(), in_flight: 1, run }
    };
    kinds.map(measure).into()
}
