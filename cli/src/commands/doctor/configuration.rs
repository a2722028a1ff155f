//! What the environment says, before anything is asked.

use shared::config::{Config, IdentitySource, is_this_machine};
use url::Url;

use super::DoctorReport;
use crate::context::Context;

pub(super) fn check(context: &Context, report: &mut DoctorReport) {
    let config = &context.config;
    complete(config, report);
    key_mode(config, report);
    identity(config, report);
}

fn complete(config: &Config, report: &mut DoctorReport) {
    let wrong = config.faults();
    if wrong.is_empty() {
        report.ok("configuration", "every variable that a deployment needs is there");
    } else {
        report.failing(
            "configuration",
            format!("{} missing or malformed", wrong.len()),
            format!("{}. docs/CONFIGURATION.md says what each is.", wrong.join("; ")),
        );
    }
}

fn key_mode(config: &Config, report: &mut DoctorReport) {
    let Some(key) = &config.stripe_key else { return };
    let mode = if key.livemode { "live" } else { "test" };
    match &config.base_url {
        Some(url) if key.livemode && (url.scheme() != "https" || is_local(url)) => report.failing(
            "key_mode",
            format!("a live key, and BASE_URL is {url}"),
            "People who pay are sent back there. Set BASE_URL to the frontend's https address.",
        ),
        Some(url) if url.scheme() != "https" && !is_local(url) => report.failing(
            "key_mode",
            format!("BASE_URL is {url}, without TLS"),
            "Set BASE_URL to an https address.",
        ),
        _ => report.ok("key_mode", format!("a {mode} key")),
    }
}

fn identity(config: &Config, report: &mut DoctorReport) {
    match config.identity_source {
        IdentitySource::AccessToken => report.ok("identity", "callers are who their access token says"),
        IdentitySource::Authorizer => {
            report.ok("identity", "callers are who your own authorizer in front of the API says")
        }
        IdentitySource::TrustedHeaders => report.warning(
            "identity",
            "x-user-id is believed",
            "Right only where nothing but a trusted backend can reach the API; else leave IDENTITY_SOURCE at \
             access_token.",
        ),
    }
}

fn is_local(url: &Url) -> bool {
    url.host_str().is_some_and(is_this_machine)
}
