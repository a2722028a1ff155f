//! How a connection to the database is encrypted: always and verified, unless the server is on this machine.

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

/// A connector that verifies the server against these certificates (a PEM file's path, or PEM itself), or else Mozilla's roots.
pub fn connector(ca: Option<&str>) -> Result<MakeRustlsConnect, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(ca) => {
            let problem = |cause: String| format!("DATABASE_CA cannot be read: {cause}");
            let pem = if ca.contains("-----BEGIN") { Ok(ca.as_bytes().to_vec()) } else { std::fs::read(ca) };
            for certificate in CertificateDer::pem_slice_iter(&pem.map_err(|e| problem(e.to_string()))?) {
                roots
                    .add(certificate.map_err(|e| problem(e.to_string()))?)
                    .map_err(|e| problem(e.to_string()))?;
            }
            if roots.is_empty() {
                return Err(problem("holds no certificate".to_owned()));
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
