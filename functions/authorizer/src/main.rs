//! The Lambda function `authorizer`.

use std::convert::Infallible;
use std::sync::Arc;

use authorizer::{Authorizer, handle};
use lambda_http::lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn};
use shared::config::Function;
use shared::live::Live;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let authorizer = Arc::new(Authorizer::live(Live::from_env(Function::Authorizer)));
    run_concurrent(service_fn(move |event: LambdaEvent<_>| {
        let authorizer = Arc::clone(&authorizer);
        async move { Ok::<_, Infallible>(handle(&authorizer, event.payload).await) }
    }))
    .await
}
