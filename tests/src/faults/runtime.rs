//! Lambda's Runtime API for instances that may end at any moment: a lane for each process, which no other one
//! can take anything from. It serves as little of HTTP as the processes ask for, because many thousands of
//! requests go through it in a debug build.

use std::io;
use std::net::TcpListener as Bound;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

/// What one process is asked.
#[derive(Debug, Default)]
pub struct Lane {
    asked: Mutex<Option<Asked>>,
    arrived: Notify,
    answer: Mutex<Option<oneshot::Sender<Value>>>,
}

#[derive(Debug)]
struct Asked {
    event: String,
    deadline: i64,
}

impl Lane {
    /// A lane for a new process, and its address as `AWS_LAMBDA_RUNTIME_API` has it. It ends with the
    /// runtime.
    ///
    /// # Errors
    /// If there is no port.
    pub fn open() -> io::Result<(Arc<Self>, String)> {
        let listener = Bound::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?.to_string();
        let listener = TcpListener::from_std(listener)?;
        let lane = Arc::<Self>::default();
        let serving = Arc::clone(&lane);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let lane = Arc::clone(&serving);
                // Err: the process is gone, and whoever started it knows.
                tokio::spawn(async move { drop(lane.serve(stream).await) });
            }
        });
        Ok((lane, address))
    }

    /// Asks the process something. `deadline`: Unix milliseconds.
    pub fn ask(&self, event: &Value, deadline: i64) -> oneshot::Receiver<Value> {
        let (sender, receiver) = oneshot::channel();
        *self.answer.lock().expect("no test panics with it") = Some(sender);
        let asked = Asked { event: event.to_string(), deadline };
        *self.asked.lock().expect("no test panics with it") = Some(asked);
        self.arrived.notify_one();
        receiver
    }

    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let (mut received, mut chunk) = (Vec::new(), vec![0; 16 * 1024]);
        loop {
            let Some((request, length)) = parse(&received)? else {
                let length = stream.read(&mut chunk).await?;
                if length == 0 {
                    return Ok(());
                }
                received.extend_from_slice(&chunk[..length]);
                continue;
            };
            received.drain(..length);
            let answer = match request {
                Request::Next => self.next().await,
                Request::Finish(body) => self.finish(&body),
            };
            stream.write_all(answer.as_bytes()).await?;
        }
    }

    async fn next(&self) -> String {
        loop {
            let asked = self.asked.lock().expect("no test panics with it").take();
            if let Some(Asked { event, deadline }) = asked {
                let (id, length) = (Uuid::new_v4(), event.len());
                return format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
                     lambda-runtime-aws-request-id: {id}\r\nlambda-runtime-deadline-ms: {deadline}\r\n\
                     lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:123456789012:function:f\
                     \r\n\r\n{event}"
                );
            }
            self.arrived.notified().await;
        }
    }

    fn finish(&self, body: &[u8]) -> String {
        let waiting = self.answer.lock().expect("no test panics with it").take();
        if let Some(waiting) = waiting {
            // Err: it is not waited for any more.
            let _ = waiting.send(serde_json::from_slice(body).unwrap_or_default());
        }
        "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned()
    }
}

enum Request {
    /// The next event, please.
    Next,
    /// The answer to the last one, or why there is none.
    Finish(Vec<u8>),
}

/// The first request and how long it is, once it is complete.
fn parse(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(begin) = head.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let length = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    let end = begin + length.unwrap_or(0_usize);
    let Some(body) = bytes.get(begin..end) else { return Ok(None) };
    let request = match head.method {
        Some("GET") => Request::Next,
        _ => Request::Finish(body.to_vec()),
    };
    Ok(Some((request, end)))
}
