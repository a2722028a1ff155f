//! A Lambda function that does nothing: what a cold start costs at least.

use std::convert::Infallible;

use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: Request| Ok::<_, Infallible>(Response::new(Body::from("hello"))))).await
}
