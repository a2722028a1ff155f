//! One GET for the keys, with a deadline and a limit of size.

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lambda_http::http::{Request, StatusCode, header};

use super::key_set::KeySet;

/// A person waits for it.
const DEADLINE: Duration = Duration::from_secs(4);
/// A set has a handful of keys of some hundred bytes.
const LARGEST: usize = 64 * 1024;

/// Where the keys are fetched from. The configuration takes http addresses of this machine only; redirects
/// are not followed.
#[derive(Debug)]
pub struct Fetcher {
    /// Of the same kind as Stripe's: no function holds the code of two.
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("no request can be made to that address: {0}")]
    Address(#[from] lambda_http::http::Error),
    /// Nobody answers there, or not with a certificate that can be trusted.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The answer takes too long.
    #[error("no answer within {} s", DEADLINE.as_secs())]
    Late,
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
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            // The next fetch is minutes away.
            .pool_max_idle_per_host(0)
            .build(connector);
        Self { http, url: format!("{supabase_url}/auth/v1/.well-known/jwks.json") }
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
        tokio::time::timeout(DEADLINE, self.exchange()).await.map_err(|_| Error::Late)?
    }

    async fn exchange(&self) -> Result<KeySet, Error> {
        let request =
            Request::get(&self.url).header(header::ACCEPT, "application/json").body(Full::default())?;
        let response = self.http.request(request).await.map_err(|error| {
            let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            Error::Unreachable(cause)
        })?;
        if response.status() != StatusCode::OK {
            return Err(Error::Status(response.status()));
        }
        let body = Limited::new(response.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| Error::Unreadable(error.to_string()))?.to_bytes();
        KeySet::parse(&body).map_err(|error| Error::Unreadable(error.to_string()))
    }
}
