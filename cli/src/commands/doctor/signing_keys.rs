//! The keys of access tokens, published or configured: whether any token can be accepted at all.

use shared::config::IdentitySource;
use shared::jwks::{Error, Fetcher, KeySet};

use super::DoctorReport;
use crate::context::Context;

const CHECK: &str = "signing_keys";
const NO_TOKEN: &str = "No access token can be accepted.";
const ONLY_THE_SECRET: &str = "Only access tokens signed with SUPABASE_JWT_SECRET are accepted.";
const THE_ADDRESS: &str =
    "Set SUPABASE_URL to the project's address, as Supabase shows it under Settings, Data API.";
const THE_KIND: &str =
    "Let the project sign with an ECC (P-256) or RSA key: in Supabase under Settings, JWT Keys.";

/// Fetches them once, as the functions do.
pub(super) async fn check(context: &Context, report: &mut DoctorReport) {
    let config = &context.config;
    let url =
        config.supabase_url.as_deref().filter(|_| config.identity_source == IdentitySource::AccessToken);
    // Told above if it is missing.
    let Some(url) = url else { return };
    let has_secret = config.supabase_jwt_secret.is_some();
    let fetcher = Fetcher::of_project(url);
    let fetched = fetcher.fetch().await;
    if let Some(text) = &config.supabase_jwks {
        // Err: the configuration has refused it.
        let keys = KeySet::parse(text.as_bytes()).unwrap_or_default();
        return configured(&keys, fetched, &fetcher, has_secret, report);
    }
    match fetched {
        Ok(keys) => published(&keys, has_secret, report),
        Err(error) => {
            let found = format!("{} cannot be read: {error}", fetcher.url());
            if has_secret {
                report.warning(CHECK, found, format!("{ONLY_THE_SECRET} {THE_ADDRESS}"));
            } else {
                report.failing(CHECK, found, format!("{NO_TOKEN} {THE_ADDRESS}"));
            }
        }
    }
}

fn published(keys: &KeySet, has_secret: bool, report: &mut DoctorReport) {
    let (usable, others) = (keys.algorithms().join(", "), keys.passed_over().join(", "));
    match (keys.is_empty(), keys.passed_over().is_empty(), has_secret) {
        (false, true, _) => report.ok(CHECK, format!("{} published: {usable}", keys.len())),
        (false, false, _) => report.warning(
            CHECK,
            format!("{} published: {usable}; of kinds that are not supported: {others}", keys.len()),
            format!("Access tokens signed with one of the latter are refused. {THE_KIND}"),
        ),
        (true, true, true) => report.ok(CHECK, "none published: tokens are signed with SUPABASE_JWT_SECRET"),
        (true, true, false) => report.failing(
            CHECK,
            "none published, and SUPABASE_JWT_SECRET is not set",
            format!("{NO_TOKEN} {THE_KIND} Until then set SUPABASE_JWT_SECRET to its legacy JWT secret."),
        ),
        (true, false, has_secret) => {
            let found = format!("only of kinds that are not supported: {others}");
            if has_secret {
                report.warning(CHECK, found, format!("{ONLY_THE_SECRET} {THE_KIND}"));
            } else {
                report.failing(CHECK, found, format!("{NO_TOKEN} {THE_KIND}"));
            }
        }
    }
}

/// Those of `SUPABASE_JWKS`, beside those that are published.
fn configured(
    keys: &KeySet,
    fetched: Result<KeySet, Error>,
    fetcher: &Fetcher,
    has_secret: bool,
    report: &mut DoctorReport,
) {
    let replace = format!("Put what {} answers into SUPABASE_JWKS, or remove the variable.", fetcher.url());
    if keys.is_empty() {
        let found = "SUPABASE_JWKS has no key of a kind that is supported";
        return match has_secret {
            true => report.warning(CHECK, found, format!("{ONLY_THE_SECRET} {replace}")),
            false => report.failing(CHECK, found, format!("{NO_TOKEN} {replace}")),
        };
    }
    let usable = keys.algorithms().join(", ");
    let (lacking, gone) = match &fetched {
        Ok(published) => (not_in(keys, published), not_in(published, keys)),
        Err(error) => {
            let found =
                format!("{} configured: {usable}; not compared with those published: {error}", keys.len());
            return report.ok(CHECK, found);
        }
    };
    if !lacking.is_empty() {
        let found = format!("SUPABASE_JWKS lacks a key that is published: {}", lacking.join(", "));
        report.warning(CHECK, found, format!("Access tokens signed with it are refused. {replace}"));
    } else if !gone.is_empty() {
        let found = format!("SUPABASE_JWKS has a key that is not published any more: {}", gone.join(", "));
        report.warning(CHECK, found, format!("Access tokens signed with it are still accepted. {replace}"));
    } else {
        report.ok(CHECK, format!("{} configured, as published: {usable}", keys.len()));
    }
}

/// The names of the keys of `all` that `known` lacks.
fn not_in<'a>(known: &KeySet, all: &'a KeySet) -> Vec<&'a str> {
    all.names().into_iter().filter(|name| known.get(name).is_none()).collect()
}
