//! One HTTP exchange over a connection of its own, with a deadline and a limit of size. For what is asked
//! seldom: the keys of access tokens, and the probe's questions.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use lambda_http::Service;
use lambda_http::http::uri::PathAndQuery;
use lambda_http::http::{HeaderValue, Request, Response, Uri, header};

/// Asks over HTTP, one question at a connection. Redirects are not followed.
#[derive(Clone, Debug)]
pub struct Exchange {
    connector: HttpsConnector<HttpConnector>,
    deadline: Duration,
    largest: usize,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("no request can be made to that address")]
    Address,
    /// Nobody answers there, or not with a certificate that can be trusted.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The answer takes too long.
    #[error("no answer within {} s", .0.as_secs())]
    Late(Duration),
    /// The answer is cut off, or too large.
    #[error("{0}")]
    Body(String),
}

impl Exchange {
    /// With answers of at most `largest` bytes, each of which is waited for until `deadline` is over.
    pub fn new(deadline: Duration, largest: usize) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Self { connector, deadline, largest }
    }

    /// Sends a request whose address is whole, and reads the answer.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let exchanged = tokio::time::timeout(self.deadline, self.exchange(request)).await;
        exchanged.map_err(|_| Error::Late(self.deadline))?
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let url = request.uri().clone();
        let request = relative(request, &url)?;
        let mut connector = self.connector.clone();
        poll_fn(|context| connector.poll_ready(context)).await.map_err(|error| no_answer(&*error))?;
        let stream = connector.call(url).await.map_err(|error| no_answer(&*error))?;
        let (sender, connection) = handshake(stream).await.map_err(|error| no_answer(&error))?;
        match select(pin!(self.read(sender, request)), pin!(connection)).await {
            Either::Left((answer, _)) => answer,
            // Closed, with the whole answer or without: the reader knows.
            Either::Right((_, reading)) => reading.await,
        }
    }

    async fn read(
        &self,
        mut sender: SendRequest<Full<Bytes>>,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, Error> {
        let response = sender.send_request(request).await.map_err(|error| no_answer(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.largest).collect().await;
        let body = body.map_err(|error| Error::Body(error.to_string()))?.to_bytes();
        Ok(Response::from_parts(head, body))
    }
}

/// As a server takes it: the host in a header, and the path alone.
fn relative(request: Request<Bytes>, url: &Uri) -> Result<Request<Full<Bytes>>, Error> {
    let host = url.authority().ok_or(Error::Address)?.as_str();
    let host = HeaderValue::from_str(host).map_err(|_| Error::Address)?;
    let mut request = request.map(Full::new);
    let path = url.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    request.headers_mut().insert(header::HOST, host);
    Ok(request)
}

fn no_answer(error: &(dyn StdError + 'static)) -> Error {
    Error::Unreachable(error.source().map_or_else(|| error.to_string(), ToString::to_string))
}
