//! What was not imported and why, and what is worth knowing of what was.

use std::fmt;

use serde::Serialize;
use shared::domain::ids::OrgId;

use super::claims::Place;

/// What it is about. Scripts depend on these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What should be an organization's id is no UUID.
    NotAnOrganizationId,
    /// What should be a customer's id cannot be one.
    NotACustomerId,
    /// The application has no such organization.
    UnknownOrganization,
    /// Stripe has no such customer.
    UnknownCustomer,
    /// The customer exists in the mode that the key is not of.
    OtherMode,
    /// The customer was deleted at Stripe.
    Deleted,
    /// Two organizations name one customer.
    ClaimedTwice,
    /// The customer's metadata names another organization.
    MetadataNamesAnother,
    /// Several customers of one organization have live subscriptions.
    SeveralLiveCustomers,
    /// Another organization has the customer already.
    Taken,
    /// The organization has another customer already.
    OrganizationHasAnother,
    /// It has several customers, and this one was not the one.
    NotTaken,
    /// `org_id` says something else in its metadata, and was left so.
    MetadataKept,
    /// Nothing says which plan a price sells.
    UnknownPlan,
    /// A subscription cannot be read, or changed at every read.
    Unexplained,
    /// Row level security decides which rows of the application's table were read.
    RowLevelSecurity,
}

impl Kind {
    /// Whether there is nothing to mend: it is only told.
    pub fn is_note(self) -> bool {
        matches!(self, Self::Deleted | Self::NotTaken | Self::MetadataKept | Self::RowLevelSecurity)
    }
}

/// One thing that was not imported, or is worth knowing.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// What it is about.
    pub kind: Kind,
    /// The line of the file.
    pub line: Option<u64>,
    /// Whose.
    pub org_id: Option<OrgId>,
    /// Which customer.
    pub customer: Option<String>,
    /// It in a sentence.
    pub sentence: String,
}

impl Problem {
    pub(super) fn new(kind: Kind, sentence: impl Into<String>) -> Self {
        Self { kind, line: None, org_id: None, customer: None, sentence: sentence.into() }
    }

    pub(super) fn at(self, place: &Place) -> Self {
        Self { line: place.line(), ..self }
    }

    pub(super) fn of(self, org: OrgId) -> Self {
        Self { org_id: Some(org), ..self }
    }

    pub(super) fn about(self, customer: &str) -> Self {
        Self { customer: Some(customer.to_owned()), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}
