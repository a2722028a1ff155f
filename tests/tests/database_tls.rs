//! The connection to the database: encrypted and verified, whatever its address says.

use std::error::Error as _;
use std::time::Duration;

use shared::config::Secret;
use shared::db::{self, ConnectError};
use tests::tls::{self, Authority, ServerCertificate, authority};

async fn connect(url: &str, ca: Option<&str>) -> Result<String, String> {
    match db::connect(&Secret::new(url), ca).await {
        Ok(client) => {
            let sql = "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()";
            Ok(client.query_one(sql, &[]).await.unwrap().get(0))
        }
        Err(ConnectError::Refused(error)) => {
            Err(format!("{error}: {:?}", error.source().map(ToString::to_string)))
        }
        Err(error) => Err(error.to_string()),
    }
}

#[track_caller]
fn assert_refused(result: Result<String, String>, because: &str) {
    let error = result.expect_err("it must be refused");
    assert!(error.contains(because), "{error}");
}

#[tokio::test]
async fn a_server_is_verified_before_anything_is_sent_to_it() {
    let server = tls::server("verified").await;
    let (ours, other) = (authority("Ours"), authority("Other"));
    let pem = |authority: &Authority| authority.pem();
    let by_address = server.url("postgres", "postgres");
    let by_name = by_address.replace("127.0.0.1", "localhost");
    // A name that is not this machine's, at this machine's address: what a database elsewhere looks like.
    let remote = format!("{}?hostaddr=127.0.0.1", by_address.replace("127.0.0.1", "db.example.com"));

    let ca = pem(&ours);
    assert_refused(connect(&by_address, Some(&ca)).await, "does not support TLS");
    assert_refused(connect(&remote, None).await, "does not support TLS");
    for mode in ["allow", "prefer", "require"] {
        assert_refused(connect(&format!("{remote}&sslmode={mode}"), None).await, "does not support TLS");
    }
    // Without a CA, and with one: no address switches it off.
    for parameter in ["sslmode=disable", "sslmode=no-verify", "ssl=false"] {
        let (url, refusal) = (format!("{remote}&{parameter}"), format!("its parameter {parameter} asks for"));
        assert_refused(connect(&url, None).await, &refusal);
        assert_refused(connect(&url, Some(&ca)).await, &refusal);
    }
    assert_refused(connect(&format!("{by_address}?sslmode=require"), None).await, "does not support TLS");

    tls::present(&server, &ServerCertificate::new(&ours, "127.0.0.1", 2500)).await;
    assert_eq!(connect(&by_address, Some(&ca)).await.as_deref(), Ok("true"));
    let file = std::env::temp_dir().join(format!("promptforge-ca-{}.pem", std::process::id()));
    std::fs::write(&file, format!("{}{ca}", pem(&other))).unwrap();
    assert_eq!(connect(&by_address, file.to_str()).await.as_deref(), Ok("true"));
    // The address may name the file as well, and DATABASE_CA goes before it.
    let named = format!("{by_address}?sslmode=verify-full&sslrootcert={}", file.display());
    assert_eq!(connect(&named, None).await.as_deref(), Ok("true"));
    assert_refused(connect(&named, Some(&pem(&other))).await, "UnknownIssuer");
    std::fs::remove_file(&file).unwrap();
    assert_refused(connect(&named, None).await, "its parameter sslrootcert cannot be read");
    assert_eq!(connect(&by_address, Some(&ca.replace('\n', "\\n"))).await.as_deref(), Ok("true"));
    for mode in ["disable", "no-verify", "allow", "prefer", "require", "verify-ca", "verify-full"] {
        let url = format!("{by_address}?sslmode={mode}");
        assert_eq!(connect(&url, Some(&ca)).await.as_deref(), Ok("true"), "{mode}");
        assert_refused(connect(&url, Some(&pem(&other))).await, "UnknownIssuer");
    }
    assert_refused(connect(&by_name, Some(&ca)).await, "certificate not valid for name");
    assert_refused(connect(&remote, Some(&ca)).await, "certificate not valid for name");
    // The public roots, which our authority is none of.
    assert_refused(connect(&format!("{remote}&sslmode=prefer"), None).await, "UnknownIssuer");
    assert_refused(connect(&format!("{remote}&sslrootcert=system"), None).await, "UnknownIssuer");
    assert_refused(connect(&format!("{by_address}?sslmode=verify-full"), None).await, "UnknownIssuer");

    tls::present(&server, &ServerCertificate::new(&ours, "127.0.0.1", 2002)).await;
    assert_refused(connect(&by_address, Some(&ca)).await, "certificate expired");
    tls::present(&server, &ServerCertificate::new(&ours, "db.example.com", 2500)).await;
    assert_eq!(connect(&remote, Some(&ca)).await.as_deref(), Ok("true"));
    server.stop().await;
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_ended_over_tls() {
    let (server, ours) = (tls::server("canceling").await, authority("Ours"));
    tls::present(&server, &ServerCertificate::new(&ours, "127.0.0.1", 2500)).await;
    let mut admin = server.connect("postgres").await.unwrap();
    migrations::run(&mut admin).await.unwrap();
    let url = Secret::new(server.url("billing_reader", "postgres"));
    let db = db::Db::new(&url, Some(&ours.pem()), 1).unwrap();
    db::health::schema_version(&db).await.unwrap();
    let open = "select count(*) filter (where ssl), count(*) filter (where state = 'active')
        from pg_stat_activity join pg_stat_ssl using (pid) where usename = 'billing_reader'";
    // Not in the transaction that holds the lock: there, what it sees stands still.
    let watcher = server.connect("postgres").await.unwrap();
    let look = async || {
        let row = watcher.query_one(open, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    assert_eq!(look().await, (1, 0));
    // Without this, the server would notice by itself that its client is gone.
    admin.batch_execute("alter role billing_reader set client_connection_check_interval = 0").await.unwrap();
    admin
        .batch_execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where usename = 'billing_reader'",
        )
        .await
        .unwrap();
    admin.batch_execute("begin; lock table billing.schema_history in access exclusive mode").await.unwrap();
    let waiting = db::health::schema_version(&db);
    assert!(tokio::time::timeout(Duration::from_millis(500), waiting).await.is_err());
    for _ in 0..40 {
        if look().await == (0, 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(look().await, (0, 0));
    drop((admin, watcher));
    server.stop().await;
}

#[tokio::test]
async fn an_authority_that_cannot_be_read_is_a_problem_of_the_configuration() {
    for (ca, because) in [
        ("/nowhere/ca.pem", "DATABASE_CA cannot be read"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "DATABASE_CA cannot be read"),
        ("-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----", "holds no certificate"),
    ] {
        assert_refused(connect("postgres://u@127.0.0.1:1/d", Some(ca)).await, because);
    }
}
