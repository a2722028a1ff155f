//! The JSON secret in AWS Secrets Manager that holds variables by name: one client, one read. When it is
//! read, and what becomes of what it says, is in [`live`](crate::live).

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{Region, SharedCredentialsProvider};
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use serde_json::{Map, Value};

use crate::config::{Function, environment, tidied};

/// Amazon Trust Services' roots (AWS, "Secrets Manager: Data protection", and Amazon Trust Services'
/// repository): reading the system's whole list would take longer than all else that a cold start does.
const AMAZON_ROOTS: &str = include_str!("secrets/amazon-roots.pem");
/// One read may take this long with all its attempts: the shortest function has 10 s for everything.
const DEADLINE: Duration = Duration::from_secs(4);
/// One attempt may take this long.
const ATTEMPT: Duration = Duration::from_secs(2);

/// Why the secret cannot be used. Tells nothing of its contents.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Secrets Manager did not hand it out.
    #[error(
        "The secret of BILLING_SECRET_ARN cannot be read: {0}. Check the ARN, the region and this login's \
         permissions."
    )]
    Read(String),
    /// It is not what it should be.
    #[error(
        "The secret of BILLING_SECRET_ARN is no JSON object of variables. Store it as \
         {{\"STRIPE_SECRET_KEY\": \"...\", ...}}."
    )]
    NoObject,
}

/// Variables by name. Never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables(Map<String, Value>);

impl Variables {
    /// The variables of a JSON object.
    pub fn new(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// A variable's value: a text, [tidied], or a number, a truth value or an object (a key set) as its text.
    /// None if it is empty.
    pub fn get(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => tidied(text).map(str::to_owned),
            Value::Object(object) if object.is_empty() => None,
            value @ (Value::Number(_) | Value::Bool(_) | Value::Object(_)) => Some(value.to_string()),
            _ => None,
        }
    }

    /// A variable's value for a function: of several addresses of the database, the one with its own login.
    pub fn of_function(&self, function: Function, name: &str) -> Option<String> {
        let variable = function.database_variable().filter(|_| name == "DATABASE_URL");
        let own = variable.and_then(|variable| self.get(variable));
        own.or_else(|| self.get(name))
    }

    /// The names, without their values, of what is not the same in both.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        names.into_iter().filter(|name| self.0.get(*name) != other.0.get(*name)).cloned().collect()
    }

    /// The JSON object.
    pub fn into_object(self) -> Map<String, Value> {
        self.0
    }
}

/// One secret in Secrets Manager.
#[derive(Debug)]
pub struct Store {
    client: Client,
    arn: String,
}

impl Store {
    /// The secret of this ARN. Asks nothing yet.
    pub fn new(sdk: &SdkConfig, arn: &str) -> Self {
        // An ARN says its region: arn:aws:secretsmanager:eu-central-1:...
        let region = arn.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned);
        let mut builder = aws_sdk_secretsmanager::config::Builder::from(sdk);
        if let Some(region) = region {
            builder.set_region(Some(Region::new(region)));
        }
        Self { client: Client::from_conf(builder.build()), arn: arn.to_owned() }
    }

    /// Its variables.
    ///
    /// # Errors
    /// If it cannot be read, or is no JSON object.
    pub async fn read(&self) -> Result<Variables, Error> {
        let answer = self.client.get_secret_value().secret_id(&self.arn).send().await;
        let answer = answer.map_err(|error| Error::Read(cause(error)))?;
        match answer.secret_string().and_then(|text| serde_json::from_str(text).ok()) {
            Some(Value::Object(variables)) => Ok(Variables(variables)),
            _ => Err(Error::NoObject),
        }
    }

    /// The client, for what only an operator does.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Which secret.
    pub fn arn(&self) -> &str {
        &self.arn
    }
}

/// A function's own login, from where Lambda puts it: the environment, or the address of one that is renewed
/// (AWS, "Using environment variables for the AWS SDKs" and "Container credential provider"). Put together by
/// hand: the other places in which the SDK's default chain looks are a megabyte of each binary, and TLS with
/// the system's roots a file to read.
pub fn function_login() -> SdkConfig {
    let trust = TrustStore::empty().with_native_roots(false).with_pem_certificate(AMAZON_ROOTS);
    let http = aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
    // Err cannot happen: there is a trust store. Without the context the system's roots are trusted.
    let http = match TlsContext::builder().with_trust_store(trust).build() {
        Ok(context) => http.tls_context(context).build_https(),
        Err(_) => http.build_https(),
    };
    let provider = ProviderConfig::without_region().with_http_client(http.clone());
    let container = EcsCredentialsProvider::builder().configure(&provider).build();
    let credentials =
        CredentialsProviderChain::first_try("Environment", EnvironmentVariableCredentialsProvider::new())
            .or_else("Container", container);
    let timeouts = TimeoutConfig::builder().operation_timeout(DEADLINE).operation_attempt_timeout(ATTEMPT);
    let mut sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .timeout_config(timeouts.build());
    // A VPC endpoint without private names, or a stand-in (AWS SDKs and Tools Reference Guide,
    // "Service-specific endpoints").
    sdk.set_endpoint_url(
        environment("AWS_ENDPOINT_URL_SECRETS_MANAGER").or_else(|| environment("AWS_ENDPOINT_URL")),
    );
    sdk.build()
}

/// The service's own words if it answered; else the chain of causes.
pub fn cause<E, R>(error: SdkError<E, R>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error.as_service_error() {
        Some(refusal) => match (refusal.code(), refusal.message()) {
            (Some(code), Some(message)) => format!("{code}: {}", message.trim_end_matches('.')),
            (Some(code), None) => code.to_owned(),
            _ => "it was refused".to_owned(),
        },
        None => DisplayErrorContext(error).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rustls::RootCertStore;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    #[test]
    fn every_root_that_is_embedded_can_be_trusted() {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(AMAZON_ROOTS.as_bytes()) {
            roots.add(root.unwrap()).unwrap();
        }
        assert_eq!(roots.len(), 5);
    }

    #[test]
    fn what_changed_is_told_by_name_and_never_by_value() {
        let variables = |json: Value| Variables(json.as_object().cloned().unwrap_or_default());
        let before = variables(serde_json::json!({ "A": "1", "B": "2", "C": "3" }));
        let after = variables(serde_json::json!({ "A": "1", "B": "hush", "D": "4" }));
        assert_eq!(before.differences(&after), ["B", "C", "D"]);
        assert!(before.differences(&before.clone()).is_empty());
    }
}
