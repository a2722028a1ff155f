//! The Lambda function `reconcile`.

use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use shared::app::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let app = &App::from_env(env!("CARGO_PKG_NAME"));
    lambda_runtime::run(service_fn(async |event: LambdaEvent<serde_json::Value>| {
        reconcile::run(app, event.context).await.map_err(lambda_http::Error::from)
    }))
    .await
}
