//! Ports for programs that cannot choose one for themselves.

use std::io;
use std::net::TcpListener;

/// Below those that the system gives to outgoing connections (Linux begins at 32768, ip(7)): nobody's
/// connection takes one of these between our look and the program's start.
const OURS: std::ops::Range<u16> = 10_000..32_000;
/// How many may be taken before none is found.
const TRIES: u32 = 100;

/// This port of 127.0.0.1, if nobody listens on it; for 0 one that is free.
///
/// # Errors
/// If somebody listens on it.
pub fn free(port: u16) -> io::Result<u16> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).map(|_| port);
    if port != 0 {
        return is_free(port);
    }
    (1..TRIES)
        .find_map(|_| is_free(fastrand::u16(OURS)).ok())
        .map_or_else(|| is_free(fastrand::u16(OURS)), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_none_that_an_outgoing_connection_gets() {
        let port = free(0).unwrap();
        assert!(OURS.contains(&port));
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let error = free(taken.local_addr().unwrap().port()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
