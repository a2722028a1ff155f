//! As much of an HTTP/1.1 server as the programs that we start ask for: kept-alive connections and bodies of
//! a known length.

use std::io::{Read, Write};
use std::net::TcpStream;

/// A client's connection.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    answer: Vec<u8>,
}

/// A request.
pub struct Request {
    /// POST, not GET.
    pub is_post: bool,
    /// The path and the query.
    pub target: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a connection");
        Self { stream, received: Vec::new(), answer: Vec::new() }
    }

    /// The next request. None: the client is gone.
    pub fn read(&mut self) -> Option<Request> {
        let mut chunk = [0; 16 * 1024];
        loop {
            if let Some((request, length)) = parse(&self.received) {
                self.received.drain(..length);
                return Some(request);
            }
            let length = self.stream.read(&mut chunk).ok().filter(|length| *length > 0)?;
            self.received.extend_from_slice(&chunk[..length]);
        }
    }

    /// Answers. `head`: the status line's rest and all headers but the length, each line with its end.
    pub fn answer(&mut self, head: &str, body: &[u8]) {
        self.answer.clear();
        // Writing to memory does not fail; a client that is gone shows when it is read from.
        let _ = write!(self.answer, "HTTP/1.1 {head}content-length: {}\r\n\r\n", body.len());
        self.answer.extend_from_slice(body);
        let _ = self.stream.write_all(&self.answer);
    }
}

/// The first request and how long it is, if it is complete.
fn parse(bytes: &[u8]) -> Option<(Request, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Request::new(&mut headers);
    let begin = match head.parse(bytes).expect("a request") {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return None,
    };
    let mut length = 0;
    for header in head.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            let text = std::str::from_utf8(header.value).expect("a length");
            length = text.parse().expect("a length");
        }
        assert!(!header.name.eq_ignore_ascii_case("transfer-encoding"), "bodies have a length");
    }
    let body = bytes.get(begin..begin + length)?.to_vec();
    let target = head.path.unwrap_or_default().to_owned();
    Some((Request { is_post: head.method == Some("POST"), target, body }, begin + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_once_it_is_complete() {
        let bytes = b"POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n";
        let first = bytes.len() - b"GET / HTTP/1.1\r\n\r\n".len();
        for length in 0..first {
            assert!(parse(&bytes[..length]).is_none(), "{length}");
        }
        let (request, length) = parse(bytes).unwrap();
        assert_eq!((request.is_post, request.target.as_str(), &*request.body), (true, "/a?b", &b"abc"[..]));
        assert_eq!(length, first);
        assert!(!parse(&bytes[length..]).unwrap().0.is_post);
    }
}
