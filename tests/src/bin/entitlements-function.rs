//! The function `entitlements` as it is deployed, where tests find it: its own program belongs to another
//! package.

use shared::config::Function;
use shared::live::Live;
use shared::serve::serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    serve(Live::from_env(Function::Entitlements), entitlements::handle).await
}
