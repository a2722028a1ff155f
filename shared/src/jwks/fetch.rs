//! One GET for the keys, with a deadline and a limit of size.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use lambda_http::Service;
use lambda_http::http::{Request, StatusCode, Uri, header};

use super::key_set::KeySet;

/// A person waits for it.
const DEADLINE: Duration = Duration::from_secs(4);
/// A set has a handful of keys of some hundred bytes.
const LARGEST: usize = 64 * 1024;

/// Where the keys are fetched from. The configuration takes http addresses of this machine only; redirects
/// are not followed.
#[derive(Debug)]
pub struct Fetcher {
    connector: HttpsConnector<HttpConnector>,
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
        Self { connector, url: format!("{supabase_url}/auth/v1/.well-known/jwks.json") }
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

    /// Over a connection of its own: the next fetch is minutes away.
    async fn exchange(&self) -> Result<KeySet, Error> {
        let url: Uri = self.url.parse().map_err(lambda_http::http::Error::from)?;
        let request = request(&url)?;
        let mut connector = self.connector.clone();
        poll_fn(|context| connector.poll_ready(context)).await.map_err(|error| no_answer(&*error))?;
        let stream = connector.call(url).await.map_err(|error| no_answer(&*error))?;
        let (sender, connection) = handshake(stream).await.map_err(|error| no_answer(&error))?;
        match select(pin!(read(sender, request)), pin!(connection)).await {
            Either::Left((keys, _)) => keys,
            // Closed, with the whole answer or without: the reader knows.
            Either::Right((_, reading)) => reading.await,
        }
    }
}

fn request(url: &Uri) -> Result<Request<Empty<Bytes>>, lambda_http::http::Error> {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let host = url.authority().map_or("", |authority| authority.as_str());
    Request::get(path)
        .header(header::HOST, host)
        .header(header::ACCEPT, "application/json")
        .body(Empty::new())
}

async fn read(
    mut sender: SendRequest<Empty<Bytes>>,
    request: Request<Empty<Bytes>>,
) -> Result<KeySet, Error> {
    let response = sender.send_request(request).await.map_err(|error| no_answer(&error))?;
    if response.status() != StatusCode::OK {
        return Err(Error::Status(response.status()));
    }
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| Error::Unreadable(error.to_string()))?.to_bytes();
    KeySet::parse(&body).map_err(|error| Error::Unreadable(error.to_string()))
}

fn no_answer(error: &(dyn StdError + 'static)) -> Error {
    Error::Unreachable(error.source().map_or_else(|| error.to_string(), ToString::to_string))
}
