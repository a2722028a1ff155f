//! The Lambda function `portal`.

use shared::app::{App, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(App::from_env(env!("CARGO_PKG_NAME")), portal::handle).await
}
