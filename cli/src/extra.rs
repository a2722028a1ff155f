//! What is sold beside plans: one-time payments, and the add-ons of payments and of subscriptions' items.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::ids::OrgId;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::context::Error;
use crate::organization::Organization;
use crate::{money, query};

/// What it was sold by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A one-time payment.
    Payment,
    /// An item of a subscription.
    Subscription,
    /// Neither that we know: somebody wrote the row by hand.
    Other,
}

/// Something that was sold beside the plan.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Extra {
    /// Stripe's id of the checkout session (`cs_...`) or subscription (`sub_...`).
    pub source: String,
    /// What it was sold by.
    pub kind: Kind,
    /// Whose it is.
    pub organization: Organization,
    /// Live mode, not test mode. None: it counts in either.
    pub livemode: Option<bool>,
    /// It is of the mode whose payments count.
    pub counts: bool,
    /// The flags that it sells. Empty: none that can be read.
    pub features: Vec<String>,
    /// How its add-on stands: `on`, `expired`, `ended` (by hand), `refunded`, `dispute_lost`, `unpaid`,
    /// `failed`, `unreadable` or `off`. None: it sells no add-on.
    pub state: Option<String>,
    /// When we first saw it.
    pub since: Timestamp,
    /// When the add-on ends. None: no end is known.
    pub until: Option<Timestamp>,
    /// Stripe's status of the payment or of the subscription. None: there is neither.
    pub status: Option<String>,
    /// In the currency's smallest unit. None: not known, or no payment.
    pub amount_cents: Option<i64>,
    /// Three letters, lower case.
    pub currency: Option<String>,
    /// How much of a payment went back, in the currency's smallest unit.
    pub refunded_cents: i64,
    /// Stripe's status of its dispute. None: it is not disputed, or no payment.
    pub dispute_status: Option<String>,
    /// The operator who ended the add-on. None: nobody did.
    pub ended_by: Option<String>,
    /// What of its metadata could not be read. None: all could.
    pub unreadable: Option<String>,
    /// The prices at Stripe of a subscription's items that sell it.
    pub prices: Vec<String>,
}

/// Which of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// Those of this organization.
    pub org: Option<OrgId>,
    /// The one of this source.
    pub source: Option<&'a str>,
    /// Of which kind.
    pub which: Which,
}

/// Of which kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// Payments and add-ons.
    #[default]
    All,
    /// Only what sells an add-on.
    AddOns,
    /// Only one-time payments.
    Payments,
}

impl Which {
    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::AddOns => "add_ons",
            Self::Payments => "payments",
        }
    }
}

/// Reads them, the newest first, at most so many.
///
/// # Errors
/// If the database fails.
pub async fn read(client: &Client, filter: Filter<'_>, limit: i64) -> Result<Vec<Extra>, Error> {
    let params: query::Params<'_> = &[
        (&filter.org.map(|org| org.uuid()), Type::UUID),
        (&filter.source, Type::TEXT),
        (&filter.which.as_str(), Type::TEXT),
        (&limit, Type::INT8),
    ];
    query::all(client, include_str!("extra.sql"), params).await
}

impl Extra {
    /// What was paid and how that stands: `15.00 USD, paid`.
    pub fn paid(&self) -> String {
        let amount = self.amount_cents.zip(self.currency.as_deref());
        let amount = amount.map(|(cents, currency)| money::amount(cents, currency));
        let status = self.status.as_deref().map(|status| status.replace('_', " "));
        let parts: Vec<String> = amount.into_iter().chain(status).collect();
        if parts.is_empty() { "nothing known".to_owned() } else { parts.join(", ") }
    }

    /// What else is to be known of it: money that went back, a dispute, what nobody can read.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.refunded_cents > 0 {
            let refunded = money::amount(self.refunded_cents, self.currency.as_deref().unwrap_or_default());
            notes.push(format!("{} refunded", refunded.trim_end()));
        }
        notes.extend(self.dispute_status.as_ref().map(|status| format!("dispute: {status}")));
        notes.extend(self.ended_by.as_ref().map(|by| format!("ended by {by}")));
        notes.extend(self.unreadable.as_ref().map(|what| format!("unreadable: {what}")));
        if self.kind == Kind::Other {
            notes.push("of no payment or subscription".to_owned());
        }
        if !self.counts {
            notes.push(format!("{} mode, does not count", crate::words::mode(self.livemode == Some(true))));
        }
        notes
    }
}
