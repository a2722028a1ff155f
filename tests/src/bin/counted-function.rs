//! A function as it is deployed, with an allocator that counts. Whenever a request reaches the handler, the
//! number of allocations so far goes to the file `ALLOCATIONS_FILE`, a line each. What lies between two lines
//! is one request: the handler, the logs, the answer, and the runtime's reading of the next request.
#![allow(clippy::expect_used)] // A test's program.
#![allow(unsafe_code)] // An allocator cannot be written without; this one only counts and passes on.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::File;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use lambda_http::{Body, Request, Response};
use shared::app::App;
use shared::config::{Function, environment};
use shared::http::error::ApiError;
use shared::live::Live;
use shared::serve::serve;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is the system allocator's own, with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn tell() {
    static FILE: OnceLock<File> = OnceLock::new();
    let path = || environment("ALLOCATIONS_FILE").expect("ALLOCATIONS_FILE");
    let mut file = FILE.get_or_init(|| File::create(path()).expect("a file"));
    writeln!(file, "{}", ALLOCATIONS.load(Ordering::Relaxed)).expect("a line");
}

async fn entitlements(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    tell();
    entitlements::handle(app, request).await
}

async fn webhook(app: &App, request: Request) -> Result<Response<Body>, ApiError> {
    tell();
    webhook::handle(app, request).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    match environment("COUNTED_FUNCTION").as_deref() {
        Some("entitlements") => serve(Live::from_env(Function::Entitlements), entitlements).await,
        Some("webhook") => serve(Live::from_env(Function::Webhook), webhook).await,
        other => panic!("COUNTED_FUNCTION is {other:?}"),
    }
}
