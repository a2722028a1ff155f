//! The Lambda function `notify`.

use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use shared::config::Function;
use shared::live::Live;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let live = &Live::from_env(Function::Notify);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<serde_json::Value>| {
        notify::run(live, event.context).await.map_err(lambda_http::Error::from)
    }))
    .await
}
