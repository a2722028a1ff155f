//! One instance's share of the Runtime API: what it is asked, and what it answers.

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::gate::Gate;
use super::http::Connection;

/// Makes the events of one instance.
pub trait Source: Send {
    /// Writes the next event, as Lambda hands it over, into an empty buffer.
    fn next(&mut self, event: &mut Vec<u8>);

    /// Takes the answer to it, and tells whether it is the right one.
    fn take(&mut self, answer: &[u8]) -> bool;
}

/// A lane.
pub struct Lane {
    /// Host and port, as `AWS_LAMBDA_RUNTIME_API` has them.
    pub address: String,
    work: Arc<Work>,
}

struct Work {
    gate: Arc<Gate>,
    state: Mutex<State>,
    head: String,
    is_closed: AtomicBool,
}

struct State {
    source: Box<dyn Source>,
    /// Requests that do not count yet.
    to_warm: u32,
    counts: bool,
    started: Instant,
    measured: Measured,
}

/// What a lane measured.
#[derive(Default)]
pub struct Measured {
    /// How long each request took, from the first byte of the event to the last byte of the answer.
    pub times: Vec<Duration>,
    /// When the last one was answered.
    pub last: Option<Instant>,
    /// An answer that is not the right one.
    pub wrong: Option<String>,
}

impl Lane {
    /// Listens. `deadline`: of every request, in Unix milliseconds.
    pub fn open(source: Box<dyn Source>, to_warm: u32, gate: &Arc<Gate>, deadline: i64) -> Self {
        let state =
            State { source, to_warm, counts: false, started: Instant::now(), measured: Measured::default() };
        // What stays the same of the answer's head.
        let head = format!(
            "200 OK\r\ncontent-type: application/json\r\n\
             lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
             lambda-runtime-deadline-ms: {deadline}\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:123456789012:function:bench\r\n\
             lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;\
             Parent=9a9197af755a6419;Sampled=0\r\n"
        );
        let work = Arc::new(Work {
            gate: Arc::clone(gate),
            state: Mutex::new(state),
            head,
            is_closed: AtomicBool::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let shared = Arc::clone(&work);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.is_closed.load(Ordering::SeqCst) {
                    return;
                }
                let work = Arc::clone(&shared);
                thread::spawn(move || work.serve(stream));
            }
        });
        Self { address, work }
    }

    /// What was measured until now.
    pub fn take(&self) -> Measured {
        std::mem::take(&mut self.work.state().measured)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.work.is_closed.store(true, Ordering::SeqCst);
        // Whoever listens looks up. Err: nobody listens any more.
        let _ = TcpStream::connect(&self.address);
    }
}

impl Work {
    fn serve(&self, stream: TcpStream) {
        let (mut connection, mut event) = (Connection::new(stream), Vec::new());
        while let Some(request) = connection.read() {
            if request.is_post {
                self.finish(&request.target, &request.body);
                connection.answer("202 Accepted\r\n", b"");
            } else {
                event.clear();
                if !self.begin(&mut event) {
                    return;
                }
                connection.answer(&self.head, &event);
            }
        }
    }

    /// False: there is nothing more to do.
    fn begin(&self, event: &mut Vec<u8>) -> bool {
        let mut state = self.state();
        if state.to_warm > 0 {
            state.to_warm -= 1;
        } else {
            drop(state);
            if !self.gate.pass() {
                return false;
            }
            state = self.state();
            state.counts = true;
        }
        state.source.next(event);
        state.started = Instant::now();
        true
    }

    fn finish(&self, target: &str, answer: &[u8]) {
        let now = Instant::now();
        let mut state = self.state();
        if !target.ends_with("/response") || !state.source.take(answer) {
            let said = String::from_utf8_lossy(answer);
            state.measured.wrong.get_or_insert_with(|| format!("{target}: {said}"));
        }
        if state.counts {
            let took = now - state.started;
            state.measured.times.push(took);
            state.measured.last = Some(now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics with it")
    }
}
