//! Whether nothing that is sent to an address leaves this machine.

use std::net::IpAddr;

/// Whether a host, by its name or its number, is this machine. IPv6 numbers may stand in brackets, as in
/// URLs.
pub fn is_this_machine(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_loopback_interface_is_this_machine() {
        for host in ["localhost", "127.0.0.1", "127.0.0.53", "::1", "[::1]"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in
            ["", "[]", "localhost.example.com", "127.0.0.1.example.com", "0.0.0.0", "10.0.0.1", "::", "[::2]"]
        {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
