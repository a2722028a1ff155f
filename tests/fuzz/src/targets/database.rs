//! Addresses of databases, as people have them.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use shared::db::Address;

/// Any text is read or refused; any password comes out as it went in, in both forms of an address.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Err(error) = Address::read(text) {
        // Names of parameters are told, and nothing else.
        assert!(error.to_string().len() < 512, "{error}");
    }
    password(text);
}

fn password(password: &str) {
    // PostgreSQL has no such character in a text, and the driver none in an empty value.
    if password.is_empty() || password.contains('\0') || password.contains("[YOUR-PASSWORD]") {
        return;
    }
    let encoded = utf8_percent_encode(password, NON_ALPHANUMERIC);
    let quoted = password.replace('\\', r"\\").replace('\'', r"\'");
    for address in [
        format!("postgresql://billing:{encoded}@db.example.com:6543/postgres?pgbouncer=true"),
        format!("postgresql://billing@db.example.com:6543/postgres?password={encoded}"),
        format!("host=db.example.com port=6543 user=billing dbname=postgres password='{quoted}'"),
    ] {
        let read = Address::read(&address).unwrap_or_else(|error| panic!("{address}: {error}")).config;
        assert_eq!(read.get_password(), Some(password.as_bytes()), "{address}");
        let rest = (read.get_user(), read.get_dbname(), read.get_ports());
        assert_eq!(rest, (Some("billing"), Some("postgres"), &[6543][..]), "{address}");
    }
}
