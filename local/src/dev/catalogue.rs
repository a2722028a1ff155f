//! The catalogue of the local stack: what catalogue.toml says.

use std::path::Path;

use cli::commands::{catalogue, products};
use shared::stripe::Stripe;
use tokio_postgres::Client;

use super::stripe_account::StripeAccount;
use crate::problem::Problem;

/// Brings the database and the emulator to what the project's catalogue.toml says. At Stripe itself only the
/// products: the portal's settings there are their owner's.
///
/// # Errors
/// If the file, the database or Stripe will not have it: which, and why.
pub async fn set_up(
    project: &Path,
    database: &Client,
    stripe: &StripeAccount,
    client: &Stripe,
) -> Result<(), Problem> {
    if stripe.emulator.is_none() {
        let done = products::set_up(database, client, false).await;
        return done.map(|_| ()).map_err(|error| Problem::new(error.to_string()));
    }
    let file = project.join("catalogue.toml");
    let done = catalogue::apply::set_up(&file, database, client, "cargo dev").await;
    done.map_err(|error| Problem::new(error.to_string()))
}
