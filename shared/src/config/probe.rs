//! What the probe asks, and as whom.

use url::Url;

use super::reader::Reader;
use super::{Secret, http_url};
use crate::domain::ids::OrgId;

/// What the probe asks. A part without its address fails.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// `PROBE_API_URL`: the API as people reach it.
    pub api: Option<Url>,
    /// `PROBE_WEBHOOK_URL`: the webhook as Stripe reaches it.
    pub webhook: Option<Url>,
    /// Who signs in to read their entitlements. None: only that the route refuses strangers is looked at.
    pub canary: Option<Canary>,
}

/// A person whom the probe signs in as, and their organization: made for this, and with nothing in it.
#[derive(Clone, Debug)]
pub struct Canary {
    /// `CANARY_ORG_ID`
    pub org: OrgId,
    /// `CANARY_EMAIL`
    pub email: String,
    /// `CANARY_PASSWORD`
    pub password: Secret,
    /// `SUPABASE_PUBLISHABLE_KEY`: what every page of the application sends to Supabase, too.
    pub key: String,
}

/// The variables of a canary: all of them, or none.
pub(super) const CANARY: [&str; 4] =
    ["CANARY_ORG_ID", "CANARY_EMAIL", "CANARY_PASSWORD", "SUPABASE_PUBLISHABLE_KEY"];

pub(super) fn read<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> Probe {
    let url = "an http or https URL";
    let (api, webhook) =
        (reader.parsed("PROBE_API_URL", url, http_url), reader.parsed("PROBE_WEBHOOK_URL", url, http_url));
    let org = reader.parsed("CANARY_ORG_ID", "an organization's id, a UUID", |id| id.parse().ok());
    let [_, email, password, key] = CANARY.map(|name| reader.text(name));
    let missing: Vec<&str> = CANARY.into_iter().filter(|name| reader.text(name).is_none()).collect();
    if !missing.is_empty() && missing.len() < CANARY.len() {
        reader.problems.push(format!("of a canary there is no {}", missing.join(", ")));
    }
    let canary = match (org, email, password, key) {
        (Some(org), Some(email), Some(password), Some(key)) => {
            Some(Canary { org, email, password: Secret::new(password), key })
        }
        _ => None,
    };
    Probe { api, webhook, canary }
}
