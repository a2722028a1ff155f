//! The JSON secret in AWS Secrets Manager, as an operator reads and writes it. It is read when
//! `BILLING_SECRET_ARN` names one; how is in [`shared::secrets`].

use aws_config::BehaviorVersion;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use serde_json::Value;
use shared::config::{Config, Function, Secret};
use shared::secrets::{self, Variables};

use crate::outcome::{Code, Failure};

/// Why the secret cannot be used. Tells nothing of its contents.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Secrets Manager did not hand it out, or it is not what it should be.
    #[error(transparent)]
    Read(#[from] secrets::Error),
    /// Secrets Manager did not take it.
    #[error(
        "The secret of BILLING_SECRET_ARN cannot be written: {0}. Check this login's permission \
         secretsmanager:PutSecretValue."
    )]
    Write(String),
}

impl Failure for Error {
    fn code(&self) -> Code {
        Code::SecretUnavailable
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

/// A variable for the command. Where functions share the secret, the database's address is the one with the
/// operator's login.
pub fn of_operator(variables: &Variables, name: &str) -> Option<String> {
    variables.of_function(Function::Reconcile, name)
}

/// One secret in Secrets Manager.
#[derive(Debug)]
pub struct Store(secrets::Store);

impl Store {
    /// The secret of this ARN, with the login that the AWS tools would use, and trust in whom this machine
    /// trusts. Asks nothing yet.
    pub async fn open(arn: &str) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let sdk = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
        Self(secrets::Store::new(&sdk, arn))
    }

    /// Its variables.
    ///
    /// # Errors
    /// If it cannot be read, or is no JSON object.
    pub async fn read(&self) -> Result<Variables, Error> {
        Ok(self.0.read().await?)
    }

    /// Puts a value in front of the comma-separated ones that a variable has, and leaves all others as they
    /// are now.
    ///
    /// # Errors
    /// If the secret cannot be read or written.
    pub async fn put_in_front(&self, name: &str, value: &Secret) -> Result<(), Error> {
        let variables = put_in_front(self.read().await?, name, value.expose());
        let text = Value::Object(variables.into_object()).to_string();
        let put = self.0.client().put_secret_value().secret_id(self.0.arn()).secret_string(text).send().await;
        put.map(|_| ()).map_err(|error| Error::Write(secrets::cause(error)))
    }
}

/// A value in front of a comma-separated list, in which it then stands once.
fn put_in_front(variables: Variables, name: &str, value: &str) -> Variables {
    let current = variables.get(name).unwrap_or_default();
    let others = current.split(',').map(str::trim).filter(|part| !part.is_empty() && *part != value);
    let list: Vec<&str> = std::iter::once(value).chain(others).collect();
    let mut object = variables.into_object();
    object.insert(name.to_owned(), Value::String(list.join(",")));
    Variables::new(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_secret_stands_in_front_of_the_others_and_only_once() {
        let json = serde_json::json!({ "S": "whsec_1, whsec_2", "OTHER": 7 });
        let variables = Variables::new(json.as_object().cloned().unwrap());
        let variables = put_in_front(variables, "S", "whsec_3");
        assert_eq!(variables.get("S").as_deref(), Some("whsec_3,whsec_1,whsec_2"));
        let variables = put_in_front(variables, "S", "whsec_2");
        assert_eq!(variables.get("S").as_deref(), Some("whsec_2,whsec_3,whsec_1"));
        let variables = put_in_front(variables, "NEW", "a");
        assert_eq!(
            (variables.get("NEW").as_deref(), variables.get("OTHER").as_deref()),
            (Some("a"), Some("7"))
        );
    }
}
