//! The Lambda function `ofrep`.

use shared::config::Function;
use shared::live::Live;
use shared::serve::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(Live::from_env(Function::Ofrep), ofrep::handle).await
}
