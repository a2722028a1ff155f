//! The gateway of the local stack: requests that are no good HTTP.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::gateway::Stack;

/// One request over a connection of its own, as it is; the answer's status and body.
async fn raw(s: &Stack, request: &[u8]) -> (u16, String) {
    let address = s.url.strip_prefix("http://").unwrap();
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    connection.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// What the functions' runtime would fail at: API Gateway and function URLs never let it through.
#[tokio::test]
async fn what_aws_does_not_let_through_reaches_no_function() {
    let s = Stack::start().await;
    let long = "a".repeat(11_000);
    let host = format!("Host: {}", s.url.strip_prefix("http://").unwrap());
    for (lines, expected) in [
        ("Host: a\r\nHost: b".to_owned(), 400),
        ("X-No-Host: a".to_owned(), 400),
        ("Host: a:b".to_owned(), 400),
        ("Host: a b".to_owned(), 400),
        ("Host: rebound.example:80".to_owned(), 421),
        (format!("{host}\r\nContent-Length: 1\r\nContent-Length: 2"), 400),
        (format!("{host}\r\nTransfer-Encoding : chunked"), 400),
        (format!("{host}\r\nTransfer-Encoding: chunked\r\n\r\nzz"), 400),
        (format!("{host}\r\nX-Long: {long}"), 431),
    ] {
        for line in ["GET /api/health", "POST /api/webhooks/stripe"] {
            let request = format!("{line} HTTP/1.1\r\nConnection: close\r\n{lines}\r\n\r\n");
            let (status, body) = raw(&s, request.as_bytes()).await;
            assert_eq!(status, expected, "{line} {lines:.60} {body}");
        }
    }
    assert_eq!(s.events.lock().unwrap().len(), 0, "no function was asked");
}
