//! Lambda's Runtime API (AWS, "Using the Lambda runtime API for custom runtimes"), lean enough to never be
//! the bottleneck: a thread for each instance of a function, blocking reads and writes, and nothing that is
//! computed twice.

mod gate;
mod http;
mod instance;
mod lane;
mod load;

pub use gate::Gate;
pub use http::Connection;
pub use instance::{Environment, Instance};
pub use lane::{Lane, Source};
pub use load::{Sample, TO_WARM, load, quantile};
