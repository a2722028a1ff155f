//! What is read of Stripe's API v1: objects, and lists page by page.

use std::collections::HashSet;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest};

use super::event::Related;
use super::wire::{Listing, Object};
use super::{Error, Stripe};
use crate::domain::ordering::Answered;
use crate::telemetry::metrics;
use crate::telemetry::request::{Part, Timer};

impl Stripe {
    /// Reads an object or a list.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get<T: DeserializeOwned>(&self, request: &impl StripeRequest) -> Result<T, Error> {
        self.call(request.build(), None).await
    }

    /// Reads the object with this id.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Disbelieved`] if the answer is another object.
    pub async fn get_one<T: DeserializeOwned>(
        &self,
        request: &impl StripeRequest,
        id: &str,
    ) -> Result<T, Error> {
        self.call_one(request.build(), id).await
    }

    /// Reads an object or a list whose time matters.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn read<T: DeserializeOwned>(
        &self,
        request: &impl StripeRequest,
    ) -> Result<(T, Answered), Error> {
        let _timer = Timer::start(Part::Stripe);
        let answer = self.attempts(&request.build(), None).await?;
        Ok((read(&answer.body)?, answer.answered()?))
    }

    /// Reads the object with this id, and its time matters.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Disbelieved`] if the answer is another object.
    pub async fn read_one<T: DeserializeOwned>(
        &self,
        request: &impl StripeRequest,
        id: &str,
    ) -> Result<(T, Answered), Error> {
        let (body, answered): (Box<RawValue>, _) = self.read(request).await?;
        Ok((one(&body, id)?, answered))
    }

    async fn call_one<T: DeserializeOwned>(&self, request: RequestBuilder, id: &str) -> Result<T, Error> {
        let body: Box<RawValue> = self.call(request, None).await?;
        one(&body, id)
    }

    /// Reads an object that a thin event names, as it is now. None: its type is none that we read.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn related(&self, related: &Related) -> Result<Option<Box<RawValue>>, Error> {
        let path = match related.kind.as_str() {
            "invoice" => "/invoices",
            "charge" => "/charges",
            "checkout.session" => "/checkout/sessions",
            "dispute" => "/disputes",
            "refund" => "/refunds",
            "subscription_schedule" => "/subscription_schedules",
            "test_helpers.test_clock" => "/test_helpers/test_clocks",
            _ => return Ok(None),
        };
        // An id that could be another path is none.
        if !related.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Ok(None);
        }
        let request = RequestBuilder::new(StripeMethod::Get, format!("{path}/{}", related.id));
        self.call_one(request, &related.id).await.map(Some)
    }

    /// Reads every object of a list, page by page (Stripe, "Pagination"). The request decides how long a page
    /// is.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn list<T: DeserializeOwned>(&self, request: &impl StripeRequest) -> Result<Vec<T>, Error> {
        let mut objects = Vec::new();
        let mut seen = HashSet::new();
        let mut after = None;
        loop {
            let mut page = request.build();
            if let Some(last) = &after {
                let query = page.query.unwrap_or_default();
                page.query = Some(format!("{query}&starting_after={last}"));
            }
            let Listing { data, has_more }: Listing<Value> = self.call(page, None).await?;
            after = data.last().and_then(|last| last["id"].as_str()).map(str::to_owned);
            for object in data {
                if object["id"].as_str().is_some_and(|id| !seen.insert(id.to_owned())) {
                    return Err(Error::repeated_page());
                }
                objects.push(serde_json::from_value(object)?);
            }
            if !has_more || after.is_none() {
                return Ok(objects);
            }
        }
    }
}

/// The object in an answer, if it is the one that was asked for.
fn one<T: DeserializeOwned>(body: &RawValue, id: &str) -> Result<T, Error> {
    let object: Object = read(body.get().as_bytes())?;
    if object.id != id {
        return Err(Error::disbelieved("another object than the one that was asked for"));
    }
    read(body.get().as_bytes())
}

/// Reads an answer. One that cannot be read is counted.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| {
        metrics::disbelieved();
        error.into()
    })
}
