//! An EventBridge bus (Amazon EventBridge API Reference, "PutEvents"). Its one call is made without the SDK's
//! client of the service, which would be a good part of the program: what signs it comes with the login to
//! Secrets Manager anyway.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use lambda_http::http::{Request, header};
use serde::{Deserialize, Serialize};
use shared::app::App;
use shared::config::{EventBus, environment};
use shared::exchange::Exchange;
use shared::secrets::function_login;

use crate::message::{KIND, Message};

/// The service's limit for one call.
const AT_ONCE: usize = 10;
const SOURCE: &str = "promptforge.billing";
/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(5);
const LARGEST: usize = 64 * 1024;

/// Puts messages on a bus.
pub struct Bus<'a> {
    bus: &'a EventBus,
    http: Exchange,
    is_resting: Cell<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents<'a> {
    entries: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    source: &'static str,
    detail_type: &'static str,
    detail: String,
    event_bus_name: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    entries: Vec<Taken>,
}

/// An entry that has no error is on the bus.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Taken {
    error_code: Option<String>,
}

impl<'a> Bus<'a> {
    /// This one.
    pub fn new(bus: &'a EventBus) -> Self {
        Self { bus, http: Exchange::new(PATIENCE, LARGEST), is_resting: Cell::new(false) }
    }

    /// Whether a call failed as a whole, so that no further one is made in this run.
    pub fn is_resting(&self) -> bool {
        self.is_resting.get()
    }

    /// Puts them, and says of each why it is not there: an HTTP status or a stable word. None: it is.
    pub async fn put(&self, messages: &[&Message], app: &App) -> Vec<Option<String>> {
        let mut errors = Vec::with_capacity(messages.len());
        let login = function_login();
        for some in messages.chunks(AT_ONCE) {
            let put = match self.is_resting() {
                true => Err("not_asked".to_owned()),
                false => self.call(some, &login, SystemTime::from(app.clock.now())).await,
            };
            match put {
                Ok(taken) if taken.len() == some.len() => errors.extend(taken),
                Ok(_) => errors.extend(some.iter().map(|_| Some("no_answer".to_owned()))),
                Err(error) => {
                    self.is_resting.set(true);
                    errors.extend(some.iter().map(|_| Some(error.clone())));
                }
            }
        }
        errors
    }

    async fn call(
        &self,
        messages: &[&Message],
        login: &SdkConfig,
        now: SystemTime,
    ) -> Result<Vec<Option<String>>, String> {
        let entries = messages.iter().map(|message| {
            let detail = serde_json::to_string(&message.data).map_err(|_| "no_message".to_owned())?;
            let event_bus_name = &self.bus.arn;
            Ok(Entry { source: SOURCE, detail_type: KIND, detail, event_bus_name })
        });
        let entries = entries.collect::<Result<_, String>>()?;
        let body = serde_json::to_vec(&PutEvents { entries }).map_err(|_| "no_message".to_owned())?;
        let request = self.signed(body, login, now).await.ok_or("no_login")?;
        let answer = self.http.send(request).await.map_err(|error| {
            tracing::warn!(target: "billing", %error, "the event bus cannot be reached");
            "unreachable".to_owned()
        })?;
        if !answer.status().is_success() {
            return Err(answer.status().as_str().to_owned());
        }
        let answer: Answer = serde_json::from_slice(answer.body()).map_err(|_| "no_answer".to_owned())?;
        let word = |code: String| code.chars().take(64).collect();
        Ok(answer.entries.into_iter().map(|taken| taken.error_code.map(word)).collect())
    }

    /// The request, signed with the function's own login. None: it has none.
    async fn signed(&self, body: Vec<u8>, login: &SdkConfig, now: SystemTime) -> Option<Request<Bytes>> {
        let credentials = login.credentials_provider()?.provide_credentials().await;
        let credentials = credentials
            .inspect_err(|error| tracing::warn!(target: "billing", %error, "there is no login to AWS"))
            .ok()?;
        let region = &self.bus.region;
        let url = environment("AWS_ENDPOINT_URL_EVENTBRIDGE")
            .or_else(|| environment("AWS_ENDPOINT_URL"))
            .unwrap_or_else(|| self.bus.endpoint());
        let url = format!("{}/", url.trim_end_matches('/'));
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("events")
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let headers =
            [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AWSEvents.PutEvents")];
        let signable =
            SignableRequest::new("POST", &url, headers.into_iter(), SignableBody::Bytes(&body)).ok()?;
        let (instructions, _) = sign(signable, &parameters).ok()?.into_parts();
        let mut request = Request::post(&url).header(header::CONTENT_TYPE, headers[0].1);
        request = request.header(headers[1].0, headers[1].1);
        for (name, value) in instructions.headers() {
            request = request.header(name, value);
        }
        request.body(Bytes::from(body)).ok()
    }
}
