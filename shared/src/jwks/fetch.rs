//! One GET for the keys.

use std::time::Duration;

use bytes::Bytes;
use lambda_http::http::{Request, StatusCode, header};

use super::key_set::KeySet;
use crate::exchange::{self, Exchange};

/// A person waits for it.
const DEADLINE: Duration = Duration::from_secs(4);
/// A set has a handful of keys of some hundred bytes.
const LARGEST: usize = 64 * 1024;

/// Where the keys are fetched from. The configuration takes http addresses of this machine only; redirects
/// are not followed.
#[derive(Debug)]
pub struct Fetcher {
    exchange: Exchange,
    url: String,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("no request can be made to that address: {0}")]
    Address(#[from] lambda_http::http::Error),
    /// Nobody answers there in time, or not with a certificate that can be trusted.
    #[error(transparent)]
    Exchange(exchange::Error),
    /// Something else than the keys is there.
    #[error("the answer is a {0}")]
    Status(StatusCode),
    /// It is no key set, or too large for one.
    #[error("the answer is no key set, or larger than {LARGEST} bytes: {0}")]
    Unreadable(String),
}

impl Fetcher {
    /// For the project at this address (`SUPABASE_URL`).
    pub fn of_project(supabase_url: &str) -> Self {
        let url = format!("{supabase_url}/auth/v1/.well-known/jwks.json");
        Self { exchange: Exchange::new(DEADLINE, LARGEST), url }
    }

    /// Where the keys are.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The keys as they are now.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fetch(&self) -> Result<KeySet, Error> {
        let request = Request::get(&self.url).header(header::ACCEPT, "application/json").body(Bytes::new())?;
        let response = self.exchange.send(request).await.map_err(|error| match error {
            exchange::Error::Body(cause) => Error::Unreadable(cause),
            error => Error::Exchange(error),
        })?;
        if response.status() != StatusCode::OK {
            return Err(Error::Status(response.status()));
        }
        KeySet::parse(response.body()).map_err(|error| Error::Unreadable(error.to_string()))
    }
}
