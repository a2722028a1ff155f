//! What each parameter of an address means here.

use std::borrow::Cow;

/// What a parameter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is the driver's, by this name.
    Driver(&'static str),
    /// It says how to encrypt.
    Encryption(Encryption),
    /// It says whose certificates to trust, as `DATABASE_CA` does.
    Authority,
    /// Nothing: it is another library's, or we decide it ourselves.
    None,
}

/// How a parameter wants the connection encrypted. What it says of verification does not count: we always
/// verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Not, or by anybody.
    Off,
    /// As the server likes.
    Open,
    /// Always.
    Asked,
}

/// The value of `sslrootcert` that means the public authorities (PostgreSQL, "SSL Support: Client
/// Verification").
pub(super) const PUBLIC_ROOTS: &str = "system";

/// Those that tokio-postgres takes and that we do not decide.
const DRIVER: [&str; 11] = [
    "user",
    "password",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "options",
    "keepalives",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
];

/// How to encrypt: libpq and node-postgres, other spellings of it, Prisma.
const ENCRYPTION: [&str; 5] = ["sslmode", "ssl_mode", "ssl", "sslaccept", "rejectunauthorized"];

const AUTHORITY: [&str; 3] = ["sslrootcert", "ssl_root_cert", "ssl_ca"];

/// A certificate of our own. There is none: logins have passwords.
const CLIENT_CERTIFICATE: [&str; 5] = ["sslcert", "sslkey", "sslidentity", "ssl_cert", "ssl_key"];

/// Written in lower case, with `_` for `-`.
const PASSED_OVER: [&str; 75] = [
    // Prisma.
    "pgbouncer",
    "connection_limit",
    "pool_timeout",
    "socket_timeout",
    "schema",
    "statement_cache_size",
    "sslpassword",
    "single_use_connections",
    // Supabase's and Vercel's own.
    "supa",
    "workaround",
    // libpq, where we decide or the driver has no such thing.
    "application_name",
    "fallback_application_name",
    "client_encoding",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "keepalives_retries",
    "sslnegotiation",
    "sslcompression",
    "sslsni",
    "requiressl",
    "gssencmode",
    "krbsrvname",
    // JDBC.
    "applicationname",
    "binarytransfer",
    "connecttimeout",
    "currentschema",
    "defaultrowfetchsize",
    "logintimeout",
    "preferquerymode",
    "preparedstatementcachequeries",
    "preparedstatementcachesizemib",
    "preparethreshold",
    "rewritebatchedinserts",
    "sockettimeout",
    "stringtype",
    "tcpkeepalive",
    // Node: pg, postgres.js, Drizzle, TypeORM.
    "uselibpqcompat",
    "max",
    "min",
    "prepare",
    "fetch_types",
    "idle_timeout",
    "max_lifetime",
    "idletimeoutmillis",
    "connectiontimeoutmillis",
    "query_timeout",
    // Python: SQLAlchemy, asyncpg, Django.
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
    "command_timeout",
    "conn_max_age",
    // Ruby on Rails, Ecto.
    "prepared_statements",
    "pool",
    "pool_size",
    "encoding",
    "adapter",
    "checkout_timeout",
    "reaping_frequency",
    // Go: pgx, lib/pq.
    "pool_max_conns",
    "pool_min_conns",
    "pool_max_conn_lifetime",
    "pool_max_conn_idle_time",
    "pool_health_check_period",
    "default_query_exec_mode",
    "statement_cache_capacity",
    "statement_cache_mode",
    "description_cache_capacity",
    "binary_parameters",
    // Settings of a session that we have our own of.
    "search_path",
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "timezone",
];

/// One spelling of a name.
fn plain(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|c| c.is_ascii_uppercase() || c == b'-') {
        name.to_ascii_lowercase().replace('-', "_").into()
    } else {
        name.into()
    }
}

/// Whether a parameter goes by this name.
pub(super) fn is_known(name: &str) -> bool {
    let lists: [&[&str]; 5] = [&DRIVER, &ENCRYPTION, &AUTHORITY, &CLIENT_CERTIFICATE, &PASSED_OVER];
    lists.iter().any(|list| list.contains(&plain(name).as_ref()))
}

/// What it means, or a clause about what is wrong with it, which tells nothing of its value.
pub(super) fn meaning(name: &str, value: &str) -> Result<Meaning, String> {
    let plain = plain(name);
    let is_in = |list: &[&str]| list.contains(&plain.as_ref());
    if let Some(name) = DRIVER.iter().find(|known| **known == plain) {
        Ok(Meaning::Driver(name))
    } else if is_in(&ENCRYPTION) {
        let understood = encryption(value).map(Meaning::Encryption);
        understood.ok_or_else(|| format!("its parameter {name} has a value that is not known"))
    } else if is_in(&AUTHORITY) {
        Ok(Meaning::Authority)
    } else if is_in(&CLIENT_CERTIFICATE) {
        Err(format!(
            "its parameter {name} names a client certificate, which is not supported. Take it out; the \
             certificate of the server's authority goes into DATABASE_CA"
        ))
    } else if is_in(&PASSED_OVER) {
        Ok(Meaning::None)
    } else if could_be_name(name) {
        Err(format!("its parameter {name} is not known. Take it out"))
    } else {
        Err("one of its parameters has no name".to_owned())
    }
}

/// What has another form is likelier a piece of a password than a name, and is not told.
pub(super) fn could_be_name(name: &str) -> bool {
    let is_in_names = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.');
    (1..=40).contains(&name.len()) && name.bytes().all(is_in_names)
}

/// Values of all the parameters that say it. None: not one of theirs.
fn encryption(value: &str) -> Option<Encryption> {
    let value = plain(value);
    match value.as_ref() {
        "disable" | "no_verify" | "false" | "0" | "no" | "off" | "accept_invalid_certs" => {
            Some(Encryption::Off)
        }
        "allow" | "prefer" | "strict" | "" => Some(Encryption::Open),
        "require" | "verify_ca" | "verify_full" | "true" | "1" | "yes" | "on" => Some(Encryption::Asked),
        // node-postgres takes its options as JSON.
        json if json.contains("rejectunauthorized") && json.contains("false") => Some(Encryption::Off),
        _ => None,
    }
}
