//! The Lambda function `authorizer`.

use std::convert::Infallible;

use authorizer::{Authorizer, handle};
use lambda_http::lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::app::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let authorizer = &Authorizer::new(App::from_env(env!("CARGO_PKG_NAME")));
    run(service_fn(async |event: LambdaEvent<_>| {
        Ok::<_, Infallible>(handle(authorizer, event.payload).await)
    }))
    .await
}
