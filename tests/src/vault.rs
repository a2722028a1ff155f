//! A Secrets Manager that holds one secret, and counts who asks.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::config::Credentials;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::Function;
use shared::live::Live;

/// The secret's ARN.
pub const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:billing-AbCdEf";

/// A running Secrets Manager.
#[derive(Clone, Debug)]
pub struct Vault {
    /// The address of the stand-in for Secrets Manager.
    pub url: String,
    state: Arc<Secret>,
}

#[derive(Debug)]
struct Secret {
    value: Mutex<String>,
    reads: AtomicUsize,
    is_down: AtomicBool,
    takes: AtomicBool,
}

impl Vault {
    /// With this secret.
    pub async fn open(secret: &Value) -> Self {
        let state = Arc::new(Secret {
            value: Mutex::new(secret.to_string()),
            reads: AtomicUsize::new(0),
            is_down: AtomicBool::new(false),
            takes: AtomicBool::new(true),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/", post(answer)).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// What it holds.
    pub fn secret(&self) -> Value {
        serde_json::from_str(&self.state.value.lock().expect("no test panics with it")).expect("JSON")
    }

    /// Puts another secret in.
    pub fn put(&self, secret: &Value) {
        self.put_text(&secret.to_string());
    }

    /// Puts another value of some variables in.
    pub fn change(&self, variables: &[(&str, &str)]) {
        let mut secret = self.secret();
        for (name, value) in variables {
            secret[name] = json!(value);
        }
        self.put(&secret);
    }

    /// Puts in what may not be JSON.
    pub fn put_text(&self, text: &str) {
        text.clone_into(&mut self.state.value.lock().expect("no test panics with it"));
    }

    /// How often somebody asked for it, in vain or not.
    pub fn reads(&self) -> usize {
        self.state.reads.load(Ordering::SeqCst)
    }

    /// Makes it fail, or work again.
    pub fn set_down(&self, down: bool) {
        self.state.is_down.store(down, Ordering::SeqCst);
    }

    /// Makes it refuse what is written.
    pub fn refuse_writes(&self) {
        self.state.takes.store(false, Ordering::SeqCst);
    }

    /// A login to it. Asks once: what it counts is what we do.
    pub async fn login(&self) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(&self.url)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(RetryConfig::disabled())
            .load()
            .await
    }

    /// The variables with which a program finds it.
    pub fn environment(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &self.url),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("BILLING_SECRET_ARN", ARN),
        ]
    }

    /// A function with this environment and the secret.
    pub async fn live(&self, function: Function, environment: &[(&str, &str)], clock: Clock) -> Live {
        let mut variables: Vec<(String, String)> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        variables.push(("BILLING_SECRET_ARN".to_owned(), ARN.to_owned()));
        let lookup =
            move |name: &str| variables.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        Live::new(Arc::new(lookup), function, clock, Some(self.login().await))
    }
}

async fn answer(State(state): State<Arc<Secret>>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let asked: Value = serde_json::from_str(&body).expect("JSON");
    let refused = |kind: &str| {
        (StatusCode::BAD_REQUEST, json!({ "__type": kind, "Message": "not like this" }).to_string())
    };
    let target = headers["x-amz-target"].to_str().expect("text");
    if target == "secretsmanager.GetSecretValue" {
        state.reads.fetch_add(1, Ordering::SeqCst);
    }
    if state.is_down.load(Ordering::SeqCst) {
        return (StatusCode::INTERNAL_SERVER_ERROR, json!({ "__type": "InternalServiceError" }).to_string());
    }
    if asked["SecretId"] != ARN {
        return refused("ResourceNotFoundException");
    }
    let mut value = state.value.lock().expect("no test panics with it");
    match target {
        "secretsmanager.GetSecretValue" => {
            (StatusCode::OK, json!({ "ARN": ARN, "SecretString": *value }).to_string())
        }
        "secretsmanager.PutSecretValue" if state.takes.load(Ordering::SeqCst) => {
            asked["SecretString"].as_str().expect("text").clone_into(&mut value);
            (StatusCode::OK, json!({ "ARN": ARN }).to_string())
        }
        _ => refused("AccessDeniedException"),
    }
}
