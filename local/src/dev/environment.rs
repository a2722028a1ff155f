//! The functions' environment: what of ours they get, and what they are told of the stack.

use shared::config::Config;

use super::people::{ORG, PEOPLE};
use super::stripe_account::StripeAccount;
use super::time::Time;
use crate::problem::Problem;

/// What the access tokens of the samples in `events/` are signed with, so that the functions of a stack on
/// the usual port answer them. Everybody has it: it is for this machine, where anybody is signed in anyway.
pub const SAMPLE_SECRET: &str = "the-secret-that-signs-the-samples-and-nothing-else";

/// `ALLOWED_RETURN_ORIGINS` of our own environment: another frontend on this machine, for example.
///
/// # Errors
/// If one is no origin.
pub fn return_origins() -> Result<Vec<String>, Problem> {
    let config = without_problems("ALLOWED_RETURN_ORIGINS")?;
    Ok(config.allowed_return_origins.iter().map(ToString::to_string).collect())
}

/// `NOTIFY_URL` of our own environment: an application on this machine that wants to be told.
///
/// # Errors
/// If it is no such address, or is without a good `NOTIFY_SECRET`.
pub fn notify_url() -> Result<Option<String>, Problem> {
    Ok(without_problems("NOTIFY_")?.notify.url)
}

/// Our own environment, if nothing is wrong with the variables whose names begin like that.
fn without_problems(names: &str) -> Result<Config, Problem> {
    let config = Config::from_env();
    match config.problems.iter().find(|problem| problem.starts_with(names)) {
        Some(problem) => Err(Problem::new(format!("{problem}."))),
        None => Ok(config),
    }
}

/// What every function gets, but for the database. The identity source is the default: the access token, as
/// deployed. `frontend`: where Stripe's pages lead back to.
pub fn of_functions(
    stripe: &StripeAccount,
    time: &Time,
    base_url: &str,
    frontend: &str,
    origins: &[String],
) -> Vec<(&'static str, String)> {
    let mut environment = vec![
        ("STRIPE_SECRET_KEY", stripe.key.secret.expose().to_owned()),
        ("STRIPE_WEBHOOK_SECRET", stripe.webhook_secret.clone()),
        ("BASE_URL", frontend.to_owned()),
        ("ALLOWED_RETURN_ORIGINS", origins.join(",")),
        ("SUPABASE_URL", base_url.to_owned()),
        ("SUPABASE_JWT_SECRET", SAMPLE_SECRET.to_owned()),
        ("PROBE_API_URL", base_url.to_owned()),
        ("PROBE_WEBHOOK_URL", format!("{base_url}/api/webhooks/stripe")),
        ("CANARY_ORG_ID", ORG.0.to_owned()),
        ("CANARY_EMAIL", PEOPLE.member.email.to_owned()),
        ("CANARY_PASSWORD", "any password will do here".to_owned()),
        ("SUPABASE_PUBLISHABLE_KEY", "local".to_owned()),
        ("RUST_LOG", "info".to_owned()),
        ("METRICS_NAMESPACE", "PromptForgeBilling/local".to_owned()),
    ];
    if stripe.emulator.is_some() {
        environment.push(("STRIPE_API_BASE", stripe.api_base()));
        environment.push(("LOCAL_CLOCK", time.file()));
    }
    for name in ["NOTIFY_URL", "NOTIFY_SECRET"] {
        environment.extend(shared::config::environment(name).map(|value| (name, value)));
    }
    environment
}
