//! The Lambda function `portal`.

use shared::app::serve;
use shared::config::Function;
use shared::live::Live;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(Live::from_env(Function::Portal), portal::handle).await
}
