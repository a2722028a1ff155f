//! How a connection to the database is encrypted: always and verified, unless the server is on this machine.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Config, Host};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::is_this_machine;

/// Whether every host of the address is this machine: nothing leaves it, so nothing needs to be encrypted.
pub fn is_local(config: &Config) -> bool {
    // An address without a name decides alone where the connection goes.
    let hosts = config.get_hosts();
    !hosts.is_empty()
        && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
        && hosts.iter().all(|host| match host {
            Host::Tcp(name) => is_this_machine(name),
            Host::Unix(_) => true,
        })
}

/// Whom to trust instead of the public roots.
#[derive(Debug, PartialEq, Eq)]
pub struct Authority {
    /// What it was named by, as the beginning of a sentence about it.
    named: &'static str,
    /// PEM, or the path of a file of it.
    certificates: String,
}

impl Authority {
    /// What `DATABASE_CA` says.
    pub fn of_variable(certificates: &str) -> Self {
        Self { named: "DATABASE_CA", certificates: certificates.to_owned() }
    }

    /// What the address itself says.
    pub fn of_parameter(certificates: String) -> Self {
        Self { named: "its parameter sslrootcert", certificates }
    }

    fn pem(&self) -> io::Result<Vec<u8>> {
        match self.certificates.as_str() {
            // In one line, as some tools write a variable: no PEM has a backslash of its own.
            pem if pem.contains("-----BEGIN") => Ok(pem.replace("\\n", "\n").into_bytes()),
            path => std::fs::read(path),
        }
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let problem = |cause: String| format!("{} cannot be read: {cause}", self.named);
        let pem = self.pem().map_err(|error| problem(error.to_string()))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| problem(error.to_string()))?;
            roots.add(certificate).map_err(|error| problem(error.to_string()))?;
        }
        if roots.is_empty() { Err(problem("holds no certificate".to_owned())) } else { Ok(roots) }
    }
}

/// A connector that verifies the server against this authority's certificates, or else Mozilla's roots.
pub fn connector(authority: Option<&Authority>) -> Result<MakeRustlsConnect, String> {
    let roots = match authority {
        Some(authority) => authority.roots()?,
        None => RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    };
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
