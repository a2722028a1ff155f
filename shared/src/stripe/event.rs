//! The envelope of an event. What it carries is read only once somebody wants it.

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The types that the webhook function processes: what its endpoint is sent. Others are answered `ignored`.
pub const PROCESSED: [&str; 11] = [
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.updated",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_succeeded",
];

/// The end of the year 9999: what every calendar between Stripe and the database can hold.
const LAST_SECOND: i64 = 253_402_300_799;

/// A Stripe event, of any API version. What else it carries is passed over.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "StripeEvent")]
pub struct Event<'a> {
    /// Stripe's id.
    pub id: String,
    /// Stripe's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Unix seconds.
    #[schemars(range(min = 0, max = LAST_SECOND))]
    #[serde(deserialize_with = "second")]
    pub created: i64,
    /// Mode.
    #[serde(default)]
    pub livemode: bool,
    /// The shape of the object.
    #[serde(default)]
    pub api_version: Option<String>,
    /// What it is about.
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
}

/// What an event is about.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "StripeEventData")]
struct Data<'a> {
    /// The object as it is after the event. It is looked at only for the types that count.
    #[schemars(with = "Option<serde_json::Value>")]
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

/// A body that is signed and yet not an event that can be read; names the field.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    /// What cannot be read, for whoever sent it.
    pub fn sentence(&self) -> &str {
        &self.0
    }
}

impl<'a> Event<'a> {
    /// Reads the envelope.
    ///
    /// # Errors
    /// If the body is no JSON object with `id`, `type` and `created`.
    pub fn parse(body: &'a [u8]) -> Result<Self, Unreadable> {
        let mut parser = serde_json::Deserializer::from_slice(body);
        serde_path_to_error::deserialize(&mut parser).map_err(|error| unreadable("the event", &error))
    }

    /// Its type if we process it, else `other`: there are hundreds.
    pub fn counted_kind(&self) -> &'static str {
        PROCESSED.iter().find(|kind| **kind == self.kind).copied().unwrap_or("other")
    }

    /// Reads the object that the event is about.
    ///
    /// # Errors
    /// If there is none, or it lacks what is needed.
    pub fn object<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        let object = self
            .data
            .as_ref()
            .and_then(|data| data.object)
            .ok_or_else(|| Unreadable("The event has no data.object".to_owned()))?;
        let mut parser = serde_json::Deserializer::from_str(object.get());
        serde_path_to_error::deserialize(&mut parser).map_err(|error| unreadable("data.object", &error))
    }
}

fn second<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let second = i64::deserialize(deserializer)?;
    if (0..=LAST_SECOND).contains(&second) { Ok(second) } else { Err(D::Error::custom("no time")) }
}

fn unreadable(of: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Unreadable {
    let message = error.inner().to_string();
    match message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        Some(field) => Unreadable(format!("The field {field} of {of} is missing")),
        None if error.path().to_string() == "." => Unreadable(format!("It is not clear what {of} is")),
        None => Unreadable(format!("The field {} of {of} cannot be read", error.path())),
    }
}
