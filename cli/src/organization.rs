//! An organization as an operator names it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use shared::domain::ids::OrgId;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::context::Error;
use crate::query;
use crate::words::in_one_line;

/// What names an organization: its id, or a Stripe customer or subscription of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrgRef {
    /// The organization's id, a UUID.
    Id(OrgId),
    /// Stripe's id of its customer, `cus_...`.
    Customer(String),
    /// Stripe's id of a subscription of it, `sub_...`.
    Subscription(String),
}

impl FromStr for OrgRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text {
            _ if text.starts_with("cus_") => Ok(Self::Customer(text.to_owned())),
            _ if text.starts_with("sub_") => Ok(Self::Subscription(text.to_owned())),
            _ => text.parse().map(Self::Id).map_err(|_| {
                "expected an organization's id (a UUID), a Stripe customer (cus_...) or subscription \
                 (sub_...)"
                    .to_owned()
            }),
        }
    }
}

impl fmt::Display for OrgRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Customer(id) | Self::Subscription(id) => f.write_str(id),
        }
    }
}

/// An organization there is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Organization {
    /// The application's id of it, a UUID.
    pub id: OrgId,
    /// The application's name for it. None: it has none.
    pub name: Option<String>,
}

impl Organization {
    /// What to call it in a sentence.
    pub fn short(&self) -> String {
        self.name.as_deref().map_or_else(|| self.id.to_string(), in_one_line)
    }
}

impl fmt::Display for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} ({})", in_one_line(name), self.id),
            None => self.id.fmt(f),
        }
    }
}

/// Finds the organization.
///
/// # Errors
/// [`Error::UnknownOrganization`], or if the database fails.
pub async fn find(client: &Client, named: &OrgRef) -> Result<Organization, Error> {
    const SQL: &str = "
        select jsonb_build_object('id', o.id, 'name', nullif(o.name, ''))
        from billing_private.existing_organization(coalesce($1,
          (select s.org_id from billing.subscriptions s where s.stripe_subscription_id = $2),
          (select c.org_id from billing.customers c where c.stripe_customer_id = $2),
          (select s.org_id from billing.subscriptions s where s.stripe_customer_id = $2 limit 1))) o";
    let (id, stripe) = match named {
        OrgRef::Id(id) => (Some(id.uuid()), None),
        OrgRef::Customer(id) | OrgRef::Subscription(id) => (None, Some(id)),
    };
    let found = query::one(client, SQL, &[(&id, Type::UUID), (&stripe, Type::TEXT)]).await?;
    found.ok_or_else(|| Error::UnknownOrganization(named.to_string()))
}

/// The organization of this id, if the application has it or we hold rows of its billing; and whether the
/// application has it.
///
/// # Errors
/// [`Error::UnknownOrganization`], or if the database fails.
pub async fn find_even_gone(client: &Client, id: OrgId) -> Result<(Organization, bool), Error> {
    const SQL: &str = "
        select jsonb_build_object(
          'exists', exists (select from billing_private.existing_organization($1)),
          'held', exists (select from billing.customers where org_id = $1)
            or exists (select from billing.subscriptions where org_id = $1)
            or exists (select from billing.payments where org_id = $1)
            or exists (select from billing.entitlements where org_id = $1)
            or exists (select from billing.webhook_events where org_id = $1)
            or exists (select from billing.runs where org_id = $1))";
    #[derive(Deserialize)]
    struct Known {
        exists: bool,
        held: bool,
    }
    match query::one(client, SQL, &[(&id.uuid(), Type::UUID)]).await? {
        Some(Known { exists: false, held: true }) => Ok((Organization { id, name: None }, false)),
        _ => Ok((find(client, &OrgRef::Id(id)).await?, true)),
    }
}
