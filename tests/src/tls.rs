//! A PostgreSQL that speaks TLS, with certificates of the tests' own.

use local::postgres::Cluster;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

use crate::bare_server;

/// Somebody who signs certificates.
pub type Authority = CertifiedIssuer<'static, KeyPair>;

/// An authority of this name.
pub fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

/// A certificate for a server, and its key, as PEM.
pub struct ServerCertificate {
    certificate: String,
    key: String,
}

impl ServerCertificate {
    /// For a server of this name or address. `until`: the year in which it expires.
    pub fn new(authority: &Authority, name: &str, until: i32) -> Self {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, authority).expect("a certificate");
        Self { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// A server of this name, without TLS until it is [given](present) a certificate. The caller stops it.
pub async fn server(name: &str) -> Cluster {
    bare_server(&format!("tls-{name}")).await
}

/// Makes the server speak TLS with this certificate, or with another one than before.
pub async fn present(server: &Cluster, certificate: &ServerCertificate) {
    let admin = server.connect("postgres").await.expect("connect");
    let data = server.log.parent().expect("a folder").display();
    // The server writes the files itself, because it only takes a key that is its own.
    for (file, pem) in [("server.crt", &certificate.certificate), ("server.key", &certificate.key)] {
        let sql = format!(
            "copy (select unnest(string_to_array($pem${pem}$pem$, chr(10))))
                to program 'umask 077; cat > {data}/{file}'"
        );
        admin.batch_execute(&sql).await.expect("the server writes a file");
    }
    admin.batch_execute("alter system set ssl = on").await.expect("a setting");
    admin.batch_execute("select pg_reload_conf()").await.expect("a reload");
    for _ in 0..100 {
        let row = admin.query_one("select current_setting('ssl') = 'on'", &[]).await.expect("a setting");
        if row.get::<_, bool>(0) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // A server process of before the reload is not asked again: each connection has its own.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
}
