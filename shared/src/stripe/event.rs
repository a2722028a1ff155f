//! The envelope of an event, in both of Stripe's forms: one that carries its object (a snapshot event), and
//! one that names it (a thin event, `object: v2.core.event`; Stripe, "How events work"). What it carries is
//! read only once somebody wants it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The types that the webhook function processes: what its endpoint is sent. Others are answered `ignored`.
pub const PROCESSED: [&str; 20] = [
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.refund.updated",
    "charge.refunded",
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
    "refund.failed",
    "refund.updated",
    "subscription_schedule.updated",
    "test_helpers.test_clock.ready",
];

/// How the type of a thin event about an object of API v1 begins. The rest is the snapshot event's type.
const THIN: &str = "v1.";

/// The type of the thin event that stands for a snapshot event of this type.
pub fn thin_name(kind: &str) -> String {
    format!("{THIN}{kind}")
}

/// What the Dashboard sends when somebody tries an endpoint out: it is about nothing that exists.
const TEST_EVENT: &str = "evt_00000000000000";

/// The type of our own probe's events: nothing at Stripe is called so.
pub const PROBE: &str = "promptforge.probe";

/// The end of the year 9999: what every calendar between Stripe and the database can hold.
const LAST_SECOND: i64 = 253_402_300_799;

/// A Stripe event, of any API version. What else it carries is passed over.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "StripeEvent")]
pub struct Event<'a> {
    /// Stripe's id. Of a thin event that stands for a snapshot event it is that one's: both are one event.
    pub id: String,
    /// Stripe's type. Of a thin event about an object of API v1 without its `v1.`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Unix seconds. A thin event says it as a date-time (RFC 3339).
    #[schemars(with = "Created")]
    #[serde(deserialize_with = "second")]
    pub created: i64,
    /// Mode.
    #[serde(default)]
    pub livemode: bool,
    /// The shape of the object.
    #[serde(default)]
    pub api_version: Option<String>,
    /// `event`, or `v2.core.event` for a thin one.
    #[serde(default)]
    object: Option<String>,
    /// The connected account whose event it is (Stripe, "Connect webhooks"). Null: our own.
    #[serde(default)]
    account: Option<String>,
    /// The same in a thin event.
    #[serde(default)]
    context: Option<String>,
    /// What a thin event is about.
    #[serde(default)]
    related_object: Option<Related>,
    /// The snapshot event that a thin event stands for.
    #[serde(default)]
    snapshot_event: Option<String>,
    /// What it is about.
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
}

/// Both ways in which an event says when it was made.
#[allow(dead_code)] // For the schema alone.
#[derive(JsonSchema)]
#[serde(untagged)]
enum Created {
    Second(#[schemars(range(min = 0, max = LAST_SECOND))] i64),
    Time(#[schemars(extend("format" = "date-time"))] String),
}

/// The object that a thin event names.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "StripeRelatedObject")]
pub struct Related {
    /// Its id.
    pub id: String,
    /// Its type, as in its own `object`.
    #[serde(rename = "type")]
    pub kind: String,
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
        let mut event: Self = read(body, "the event")?;
        if event.is_thin() {
            if let Some(kind) = event.kind.strip_prefix(THIN) {
                event.kind = kind.to_owned();
            }
            if let Some(snapshot) = event.snapshot_event.take() {
                event.id = snapshot;
            }
        }
        Ok(event)
    }

    /// Whether it names its object and does not carry it.
    pub fn is_thin(&self) -> bool {
        self.object.as_deref() == Some("v2.core.event")
    }

    /// The object that it names.
    ///
    /// # Errors
    /// If it is thin and names none.
    pub fn related(&self) -> Result<&Related, Unreadable> {
        self.related_object.as_ref().ok_or_else(|| Unreadable("The event has no related_object".to_owned()))
    }

    /// The event with the object that it names.
    pub fn with_object<'b>(&self, object: &'b RawValue) -> Event<'b> {
        Event {
            id: self.id.clone(),
            kind: self.kind.clone(),
            created: self.created,
            livemode: self.livemode,
            api_version: self.api_version.clone(),
            object: None,
            account: None,
            context: None,
            related_object: None,
            snapshot_event: None,
            data: Some(Data { object: Some(object) }),
        }
    }

    /// Whether it happened in a connected account, which is somebody else's.
    pub fn is_of_another_account(&self) -> bool {
        [&self.account, &self.context].into_iter().flatten().any(|account| !account.is_empty())
    }

    /// Whether somebody only tries the endpoint out.
    pub fn is_test(&self) -> bool {
        self.id == TEST_EVENT
    }

    /// Whether our own probe sent it.
    pub fn is_probe(&self) -> bool {
        self.kind == PROBE
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
        read(object.get().as_bytes(), "data.object")
    }
}

fn second<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Time<'a> {
        Second(i64),
        Text(#[serde(borrow)] std::borrow::Cow<'a, str>),
    }
    let second = match Time::deserialize(deserializer).map_err(|_| D::Error::custom("no time"))? {
        Time::Second(second) => second,
        Time::Text(text) => text.parse::<Timestamp>().map_err(|_| D::Error::custom("no time"))?.as_second(),
    };
    if (0..=LAST_SECOND).contains(&second) { Ok(second) } else { Err(D::Error::custom("no time")) }
}

/// When an event was made, Unix seconds, in either form. None: it does not say.
pub fn second_of(created: &serde_json::Value) -> Option<i64> {
    second(created).ok()
}

/// Reads what a JSON text begins with. Only a text that cannot be read is read once more, to learn where the
/// trouble is: keeping that in mind costs as much as the reading itself.
fn read<'de, T: Deserialize<'de>>(json: &'de [u8], of: &str) -> Result<T, Unreadable> {
    let parser = || serde_json::Deserializer::from_slice(json);
    T::deserialize(&mut parser())
        .or_else(|_| serde_path_to_error::deserialize(&mut parser()).map_err(|error| unreadable(of, &error)))
}

fn unreadable(of: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Unreadable {
    let message = error.inner().to_string();
    match message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        Some(field) => Unreadable(format!("The field {field} of {of} is missing")),
        None if error.path().to_string() == "." => Unreadable(format!("It is not clear what {of} is")),
        None => Unreadable(format!("The field {} of {of} cannot be read", error.path())),
    }
}
