//! The JSON secret in AWS Secrets Manager: variables by name. It is read when `BILLING_SECRET_ARN` names one.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, SdkError};
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use serde_json::{Map, Value};
use shared::config::{Config, Secret};

use crate::outcome::{Code, Failure};

/// Why the secret cannot be used. Tells nothing of its contents.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Secrets Manager did not hand it out.
    #[error(
        "The secret of BILLING_SECRET_ARN cannot be read: {0}. Check the ARN, the region and this login's permissions."
    )]
    Read(String),
    /// It is not what it should be.
    #[error(
        "The secret of BILLING_SECRET_ARN is no JSON object of variables. Store it as {{\"STRIPE_SECRET_KEY\": \"...\", ...}}."
    )]
    NoObject,
    /// Secrets Manager did not take it.
    #[error(
        "The secret of BILLING_SECRET_ARN cannot be written: {0}. Check this login's permission secretsmanager:PutSecretValue."
    )]
    Write(String),
}

impl Failure for Error {
    fn code(&self) -> Code {
        Code::SecretUnavailable
    }
}

/// Variables by name. Never printed.
#[derive(Clone, Default)]
pub struct Variables(Map<String, Value>);

impl Variables {
    /// A variable's value: a text, or a number or a truth value as its text.
    pub fn get(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
            _ => None,
        }
    }

    /// Puts a value in front of a comma-separated list, in which it then stands once.
    fn put_in_front(&mut self, name: &str, value: &str) {
        let current = self.get(name).unwrap_or_default();
        let others = current.split(',').map(str::trim).filter(|part| !part.is_empty() && *part != value);
        let list: Vec<&str> = std::iter::once(value).chain(others).collect();
        self.0.insert(name.to_owned(), Value::String(list.join(",")));
    }
}

/// The secret of `BILLING_SECRET_ARN`; without that variable, none.
///
/// # Errors
/// If it cannot be read.
pub async fn from_environment() -> Result<Variables, Error> {
    match Config::from_env().secret_arn {
        Some(arn) => Store::open(&arn).await.read().await,
        None => Ok(Variables::default()),
    }
}

/// One secret in Secrets Manager.
#[derive(Debug)]
pub struct Store {
    client: Client,
    arn: String,
}

impl Store {
    /// The secret of this ARN, with the login that the AWS tools would use. Asks nothing yet.
    pub async fn open(arn: &str) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config: SdkConfig =
            aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
        // An ARN says its region: arn:aws:secretsmanager:eu-central-1:...
        let region = arn.split(':').nth(3).filter(|region| !region.is_empty()).map(str::to_owned);
        let mut builder = aws_sdk_secretsmanager::config::Builder::from(&config);
        if let Some(region) = region {
            builder.set_region(Some(aws_sdk_secretsmanager::config::Region::new(region)));
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

    /// Puts a value in front of the comma-separated ones that a variable has, and leaves all others as they are now.
    ///
    /// # Errors
    /// If the secret cannot be read or written.
    pub async fn put_in_front(&self, name: &str, value: &Secret) -> Result<(), Error> {
        let mut variables = self.read().await?;
        variables.put_in_front(name, value.expose());
        let text = Value::Object(variables.0).to_string();
        let put = self.client.put_secret_value().secret_id(&self.arn).secret_string(text).send().await;
        put.map(|_| ()).map_err(|error| Error::Write(cause(error)))
    }
}

/// The service's own words if it answered; else the chain of causes.
fn cause<E, R>(error: SdkError<E, R>) -> String
where
    E: std::error::Error + aws_sdk_secretsmanager::error::ProvideErrorMetadata + Send + Sync + 'static,
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
    use super::*;

    fn variables(json: Value) -> Variables {
        Variables(json.as_object().cloned().unwrap())
    }

    #[test]
    fn a_new_secret_stands_in_front_of_the_others_and_only_once() {
        let mut variables = variables(serde_json::json!({ "S": "whsec_1, whsec_2", "OTHER": 7 }));
        variables.put_in_front("S", "whsec_3");
        assert_eq!(variables.get("S").as_deref(), Some("whsec_3,whsec_1,whsec_2"));
        variables.put_in_front("S", "whsec_2");
        assert_eq!(variables.get("S").as_deref(), Some("whsec_2,whsec_3,whsec_1"));
        variables.put_in_front("NEW", "a");
        assert_eq!(
            (variables.get("NEW").as_deref(), variables.get("OTHER").as_deref()),
            (Some("a"), Some("7"))
        );
    }
}
