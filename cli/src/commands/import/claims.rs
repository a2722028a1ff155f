//! Which organization pays as which customer, as a source says it, and what is wrong with that by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use shared::domain::ids::OrgId;
use uuid::Uuid;

use super::problem::{Kind, Problem};
use crate::words::counted;

/// Where a source says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of a file; the first is 1.
    Line(u64),
    /// A row of a table, by the customer that it names.
    Row(String),
    /// The metadata of a customer at Stripe.
    Customer(String),
    /// The metadata of a subscription at Stripe.
    Subscription(String),
}

impl Place {
    /// The line, if it is one.
    pub(super) fn line(&self) -> Option<u64> {
        if let Self::Line(line) = self { Some(*line) } else { None }
    }

    /// It in brackets, for a sentence that names organization and customer; nothing where they are all there
    /// is to say.
    pub(super) fn aside(&self) -> String {
        match self {
            Self::Line(_) | Self::Subscription(_) => format!(" ({self})"),
            Self::Row(_) | Self::Customer(_) => String::new(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(customer) => write!(f, "the row of {customer}"),
            Self::Customer(id) | Self::Subscription(id) => write!(f, "metadata of {id}"),
        }
    }
}

/// One row of a source, as it is written there.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub org: String,
    pub customer: String,
    pub place: Place,
}

/// What one organization should get.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub org: OrgId,
    /// At least one; each once, in the source's order, with where it is named.
    pub customers: Vec<(String, Place)>,
}

impl Wanted {
    /// Where the source names the organization first.
    pub(super) fn place(&self) -> &Place {
        &self.customers[0].1
    }
}

/// Claims by organization, in the order of their ids, and what is wrong with the others.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub wanted: Vec<Wanted>,
    pub problems: Vec<Problem>,
    /// Rows that name no customer.
    pub without: u64,
}

/// Sorts claims. A customer that two organizations claim leaves both out: who has a wrong one may have
/// another wrong one.
pub(super) fn sort(claims: Vec<Claim>) -> Sorted {
    let mut sorted = Sorted::default();
    let mut by_org: BTreeMap<Uuid, Wanted> = BTreeMap::new();
    let mut by_customer: BTreeMap<String, BTreeMap<Uuid, Place>> = BTreeMap::new();
    for Claim { org, customer, place } in claims {
        let (org, customer) = (org.trim(), customer.trim());
        if customer.is_empty() {
            sorted.without += 1;
            continue;
        }
        let Ok(id) = org.parse::<OrgId>() else {
            let sentence = format!("{org:?} is no organization's id, which is a UUID ({place}).");
            sorted
                .problems
                .push(Problem::new(Kind::NotAnOrganizationId, sentence).at(&place).about(customer));
            continue;
        };
        if !is_customer_id(customer) {
            let sentence = format!("{customer:?} is no customer's id of Stripe ({place}).");
            sorted.problems.push(Problem::new(Kind::NotACustomerId, sentence).at(&place).of(id));
            continue;
        }
        by_customer.entry(customer.to_owned()).or_default().entry(id.uuid()).or_insert_with(|| place.clone());
        let wanted = by_org.entry(id.uuid()).or_insert_with(|| Wanted { org: id, customers: Vec::new() });
        if !wanted.customers.iter().any(|(known, _)| known == customer) {
            wanted.customers.push((customer.to_owned(), place));
        }
    }
    let mut contested = BTreeSet::new();
    for (customer, claimants) in by_customer.into_iter().filter(|(_, claimants)| claimants.len() > 1) {
        sorted.problems.push(claimed_twice(&customer, &claimants));
        contested.extend(claimants.into_keys());
    }
    sorted.wanted =
        by_org.into_iter().filter(|(org, _)| !contested.contains(org)).map(|(_, wanted)| wanted).collect();
    sorted
}

/// Old accounts have customers with ids of their own making: not all begin with `cus_`. The id becomes part
/// of an address.
fn is_customer_id(text: &str) -> bool {
    text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn claimed_twice(customer: &str, claimants: &BTreeMap<Uuid, Place>) -> Problem {
    const NAMED: usize = 4;
    let mut named: Vec<String> =
        claimants.iter().take(NAMED).map(|(org, place)| format!("{org}{}", place.aside())).collect();
    if claimants.len() > NAMED {
        named.push(format!("{} more", claimants.len() - NAMED));
    }
    let sentence = format!(
        "{customer} is claimed by {}: {}. It can be that of one: leave the others out, and write org_id into \
         the metadata of their subscriptions at Stripe.",
        counted(claimants.len() as u64, "organization"),
        named.join(", ")
    );
    Problem::new(Kind::ClaimedTwice, sentence).about(customer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_names_a_contested_customer_gets_none_and_the_rest_is_in_the_order_of_the_ids() {
        let [a, b, c, d] =
            ["a", "b", "c", "d"].map(|digit| format!("{}0000000-0000-4000-8000-000000000000", digit));
        let claims = [
            (&d, "cus_4"),
            (&b, "cus_1"),
            (&a, "cus_2"),
            (&c, "cus_1"),
            (&c, "cus_3"),
            (&a, "cus_2"),
            (&a, "cus_5"),
        ];
        let place = Place::Line(2);
        let claims = claims.map(|(org, customer)| Claim {
            org: org.to_uppercase(),
            customer: customer.into(),
            place: place.clone(),
        });
        let sorted = sort(claims.into());
        let wanted: Vec<_> = sorted
            .wanted
            .iter()
            .map(|wanted| {
                (
                    wanted.org.to_string(),
                    wanted.customers.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(" "),
                )
            })
            .collect();
        assert_eq!(wanted, [(a, "cus_2 cus_5".to_owned()), (d, "cus_4".to_owned())]);
        assert_eq!(sorted.problems.len(), 1);
        assert!(sorted.problems[0].sentence.starts_with("cus_1 is claimed by 2 organizations: b0000000"));
    }

    #[test]
    fn an_id_that_would_lead_to_another_address_is_no_customers() {
        for wrong in ["../subscriptions", "cus_1?expand[]=x", "cus 1", "cus_\u{e4}", "https://a"] {
            assert!(!is_customer_id(wrong), "{wrong}");
        }
        assert!(is_customer_id("cus_T8wqKzMvNPdX2y") && is_customer_id("user-4711"));
    }
}
