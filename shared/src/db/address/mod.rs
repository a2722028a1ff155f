//! `DATABASE_URL` as people have it: copied from a pooler, an ORM or another driver, with the parameters of
//! those. What has a meaning here is taken, what has none is passed over, and what contradicts us is named.

mod form;
mod parameter;

use tokio_postgres::config::{Config, Host};

use super::tls::{Authority, is_local};
use form::Form;
use parameter::{Encryption, Meaning, could_be_name};

/// Why `DATABASE_URL` cannot be used. Tells nothing of its contents but the names of its parameters.
#[derive(Debug, thiserror::Error)]
#[error("DATABASE_URL cannot be used: {0}")]
pub struct InvalidUrl(pub(super) String);

impl InvalidUrl {
    /// The same, of an address in another variable than `DATABASE_URL`.
    pub fn in_variable(&self, name: &str) -> String {
        format!("{name} cannot be used: {}", self.0)
    }
}

/// An address that has been read.
#[derive(Debug)]
pub struct Address {
    /// What the driver takes of it. Says nothing of encryption.
    pub config: Config,
    /// `sslrootcert`: whom to trust besides what `DATABASE_CA` says.
    pub(super) authority: Option<Authority>,
    /// Whether every host is this machine.
    pub is_local: bool,
    /// Whether it asks for encryption by name, so that there is some even on this machine.
    pub asks_for_encryption: bool,
}

impl Address {
    /// Reads an address in either of the forms that libpq knows (PostgreSQL, "Connection Strings").
    ///
    /// # Errors
    /// If it is none, or contradicts what we require.
    pub fn read(text: &str) -> Result<Self, InvalidUrl> {
        Self::understand(text).map_err(InvalidUrl)
    }

    fn understand(text: &str) -> Result<Self, String> {
        let Form { beginning, parameters } = Form::split(text)?;
        let mut for_driver = Vec::new();
        let (mut authority, mut asked, mut switched_off) = (None, false, None);
        for (name, value) in parameters {
            match parameter::meaning(&name, &value)? {
                Meaning::Driver(name) => for_driver.push((name, value)),
                Meaning::Authority => authority = Some(value),
                Meaning::Encryption(Encryption::Asked) => asked = true,
                Meaning::Encryption(Encryption::Off) => {
                    switched_off = Some(if could_be_name(&value) { format!("{name}={value}") } else { name });
                }
                Meaning::Encryption(Encryption::Open) | Meaning::None => {}
            }
        }
        let config: Config = beginning.with(&for_driver).parse().map_err(|error| not_an_address(&error))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("it names no host".to_owned());
        }
        let is_local = is_local(&config);
        if let Some(parameter) = switched_off.as_ref().filter(|_| !is_local) {
            return Err(format!(
                "its parameter {parameter} asks for a connection without TLS or without verification, \
                 which only a database on this machine gets. Take it out; if the server has an authority \
                 of its own, its certificate goes into DATABASE_CA"
            ));
        }
        let has_network = config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_)));
        Ok(Self {
            config,
            authority: authority.filter(|path| path != parameter::PUBLIC_ROOTS).map(Authority::of_parameter),
            is_local,
            asks_for_encryption: asked && switched_off.is_none() && has_network,
        })
    }
}

/// The driver's own reason names a parameter, and nothing of its value.
fn not_an_address(error: &tokio_postgres::Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("it is not a PostgreSQL connection address{cause}")
}

#[cfg(test)]
mod tests;
