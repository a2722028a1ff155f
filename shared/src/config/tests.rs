//! The configuration's tests.

use super::*;

fn config(variables: &[(&str, &str)]) -> Config {
    Config::from_lookup(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
}

#[test]
fn nothing_is_open_when_nothing_is_configured() {
    let config = config(&[]);
    assert_eq!(config.identity_source, IdentitySource::Authorizer);
    assert_eq!(config.foreign_subscriptions, ForeignSubscriptions::Refuse);
    assert!(config.webhook_secrets.is_empty() && config.problems.is_empty());
    assert_eq!(
        config.missing(),
        ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL", "BASE_URL", "SUPABASE_URL"]
    );
}

#[test]
fn a_trusted_backend_in_front_needs_no_supabase() {
    assert!(!config(&[("IDENTITY_SOURCE", "trusted_headers")]).missing().contains(&"SUPABASE_URL"));
}

#[test]
fn keys_are_fetched_over_https_unless_the_host_is_this_machine() {
    for (url, read) in [
        ("https://ref.supabase.co", Some("https://ref.supabase.co")),
        ("https://ref.supabase.co/", Some("https://ref.supabase.co")),
        ("https://example.com/supabase//", Some("https://example.com/supabase")),
        ("http://127.0.0.1:54321", Some("http://127.0.0.1:54321")),
        ("http://localhost:54321", Some("http://localhost:54321")),
        ("http://[::1]:54321", Some("http://[::1]:54321")),
        ("http://ref.supabase.co", None),
        ("http://localhost.example.com", None),
        ("http://127.0.0.1.example.com", None),
        ("https://user:pass@ref.supabase.co", None),
        ("https://ref.supabase.co/?a=b", None),
        ("https://ref.supabase.co/#a", None),
        ("ref.supabase.co", None),
        ("file:///etc/passwd", None),
    ] {
        let config = config(&[("SUPABASE_URL", url)]);
        assert_eq!(config.supabase_url.as_deref(), read, "{url}");
        assert_eq!(config.problems.is_empty(), read.is_some(), "{url}");
    }
}

#[test]
fn a_jwt_secret_that_could_be_guessed_counts_as_none() {
    let short = config(&[("SUPABASE_JWT_SECRET", "0123456789012345678901234567890")]);
    assert!(short.supabase_jwt_secret.is_none());
    assert_eq!(short.problems, ["SUPABASE_JWT_SECRET must be at least 32 characters long"]);
    let long = config(&[("SUPABASE_JWT_SECRET", "01234567890123456789012345678901")]);
    assert!(long.supabase_jwt_secret.is_some() && long.problems.is_empty());
    assert!(!format!("{long:?}").contains("0123456789"));
}

#[test]
fn every_malformed_variable_is_reported_at_once_and_counts_as_missing() {
    let config = config(&[
        ("STRIPE_SECRET_KEY", "pk_test_1"),
        ("BASE_URL", "javascript:alert(1)"),
        ("IDENTITY_SOURCE", "headers"),
        ("GRACE_DAYS", "-1"),
        ("ALLOWED_RETURN_ORIGINS", "https://a.example, nonsense"),
    ]);
    assert_eq!(config.problems.len(), 5, "{:?}", config.problems);
    assert!(config.stripe_key.is_none() && config.base_url.is_none());
    assert_eq!(config.identity_source, IdentitySource::Authorizer);
    assert_eq!(config.grace_days, 7);
}

#[test]
fn a_live_key_is_never_sent_to_another_api_base() {
    let config = config(&[("STRIPE_SECRET_KEY", "sk_live_1"), ("STRIPE_API_BASE", "http://127.0.0.1:1")]);
    assert!(config.stripe_key.is_none());
    assert_eq!(config.problems, ["STRIPE_API_BASE is for local use and is refused with a live key"]);
}

#[test]
fn secrets_do_not_print() {
    let config = config(&[
        ("STRIPE_SECRET_KEY", "sk_test_hush"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_hush,whsec_hush2"),
        ("DATABASE_URL", "postgres://u:hush@h/d"),
    ]);
    assert_eq!(config.webhook_secrets.len(), 2);
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn the_nextjs_name_of_the_base_url_is_accepted() {
    let base = config(&[("NEXT_PUBLIC_BASE_URL", "https://app.example.com")]).base_url;
    assert_eq!(base.map(String::from).as_deref(), Some("https://app.example.com/"));
}

#[test]
fn a_function_is_complete_with_what_it_works_with_and_needs_no_secret_then() {
    let lookup = |variables: &'static str| {
        move |name: &str| variables.split(' ').find(|one| *one == name).map(|_| "value".to_owned())
    };
    for (function, complete) in [
        (Function::Authorizer, "SUPABASE_URL SUPABASE_JWT_SECRET"),
        (Function::Checkout, "DATABASE_URL STRIPE_SECRET_KEY BASE_URL"),
        (Function::Entitlements, "DATABASE_URL"),
        (Function::Health, "DATABASE_URL STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET BASE_URL SUPABASE_URL"),
        (Function::Portal, "DATABASE_URL STRIPE_SECRET_KEY NEXT_PUBLIC_BASE_URL"),
        (Function::Reconcile, "DATABASE_URL STRIPE_SECRET_KEY"),
        (Function::Sync, "DATABASE_URL STRIPE_SECRET_KEY"),
        (Function::Webhook, "DATABASE_URL STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET"),
    ] {
        assert!(function.is_complete(lookup(complete)), "{function:?}");
        let (_, one_less) = complete.split_once(' ').unwrap_or_default();
        assert!(!function.is_complete(lookup(one_less)), "{function:?}");
    }
}

#[test]
fn of_several_addresses_in_a_secret_each_function_takes_its_own() {
    let variables = |json: serde_json::Value| {
        crate::secrets::Variables::new(json.as_object().cloned().unwrap_or_default())
    };
    let shared = variables(serde_json::json!({
        "READER_DATABASE_URL": "r", "CHECKOUT_DATABASE_URL": "c", "EVENTS_DATABASE_URL": "e", "OPERATOR_DATABASE_URL": "o",
        "DATABASE_URL": "any", "GRACE_DAYS": 3, "AUTOMATIC_TAX": true, "NESTED": {},
    }));
    for (function, url) in [
        (Function::Entitlements, "r"),
        (Function::Health, "r"),
        (Function::Checkout, "c"),
        (Function::Portal, "c"),
        (Function::Webhook, "e"),
        (Function::Sync, "e"),
        (Function::Reconcile, "o"),
    ] {
        assert_eq!(shared.of_function(function, "DATABASE_URL").as_deref(), Some(url), "{function:?}");
    }
    let own = variables(serde_json::json!({ "DATABASE_URL": "own" }));
    assert_eq!(own.of_function(Function::Webhook, "DATABASE_URL").as_deref(), Some("own"));
    let text = |name| shared.of_function(Function::Webhook, name);
    assert_eq!((text("GRACE_DAYS"), text("AUTOMATIC_TAX")), (Some("3".to_owned()), Some("true".to_owned())));
    assert_eq!((text("NESTED"), text("NOTHING")), (None, None));
}
