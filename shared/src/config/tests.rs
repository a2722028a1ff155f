//! The configuration's tests.

use super::*;

fn config(variables: &[(&str, &str)]) -> Config {
    Config::from_lookup(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
}

#[test]
fn nothing_is_open_when_nothing_is_configured() {
    let config = config(&[]);
    assert_eq!(config.identity_source, IdentitySource::AccessToken);
    assert_eq!(config.foreign_subscriptions, ForeignSubscriptions::Refuse);
    assert!(config.webhook_secrets.is_empty() && config.problems.is_empty());
    assert_eq!(
        config.missing(),
        ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL", "BASE_URL", "SUPABASE_URL"]
    );
}

#[test]
fn who_says_in_front_of_us_who_calls_needs_no_supabase() {
    for (source, needs) in [("access_token", true), ("authorizer", false), ("trusted_headers", false)] {
        let config = config(&[("IDENTITY_SOURCE", source)]);
        assert_eq!(config.missing().contains(&"SUPABASE_URL"), needs, "{source}");
        assert!(config.problems.is_empty(), "{source}");
    }
}

#[test]
fn what_copying_leaves_around_a_value_is_not_part_of_it() {
    for (around, tidy) in [
        ("v", Some("v")),
        (" v\r\n", Some("v")),
        ("\u{feff}v\u{a0}\u{200b}\n", Some("v")),
        ("\"v\"", Some("v")),
        ("'v'", Some("v")),
        ("\u{201c}v\u{201d}", Some("v")),
        (" \" v \"\n", Some("v")),
        ("v w", Some("v w")),
        ("v'w", Some("v'w")),
        ("\"v\",\"w\"", Some("\"v\",\"w\"")),
        ("\"v'", Some("\"v'")),
        ("\"v", Some("\"v")),
        ("\"", Some("\"")),
        ("", None),
        (" \n", None),
        ("\"\"", None),
        ("\" \"", None),
    ] {
        assert_eq!(tidied(around), tidy, "{around:?}");
    }
}

/// Every variable, with a value that can be read back from the configuration's debug form or, of a secret,
/// from `secrets`.
#[test]
fn every_variable_is_tidied_whichever_way_it_arrives() {
    let variables = [
        ("STRIPE_SECRET_KEY", "sk_test_1"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1,whsec_2"),
        ("STRIPE_API_BASE", "http://127.0.0.1:12111"),
        ("DATABASE_URL", "postgres://u:p@db.example.com/d"),
        ("DATABASE_CA", "/etc/ca.pem"),
        ("DATABASE_POOL_SIZE", "3"),
        ("BASE_URL", "https://app.example.com"),
        ("ALLOWED_RETURN_ORIGINS", "https://a.example.com,https://b.example.com"),
        ("SUPABASE_URL", "https://ref.supabase.co"),
        ("SUPABASE_JWT_SECRET", "01234567890123456789012345678901"),
        ("IDENTITY_SOURCE", "trusted_headers"),
        ("GRACE_DAYS", "3"),
        ("TRIAL_DAYS", "14"),
        ("AUTOMATIC_TAX", "true"),
        ("FOREIGN_SUBSCRIPTIONS", "acknowledge"),
        ("ENTITLEMENTS_CACHE_SECONDS", "2"),
        ("BILLING_SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:1:secret:billing-abcdef"),
        ("RUST_LOG", "billing=debug"),
        ("METRICS_NAMESPACE", "Billing"),
    ];
    let exposed = |config: &Config| {
        let secret = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
        let signing: Vec<_> =
            config.webhook_secrets.iter().map(|secret| secret.expose().to_owned()).collect();
        (
            format!("{config:?}"),
            signing,
            config.stripe_key.as_ref().map(|key| key.secret.expose().to_owned()),
            secret(&config.database_url),
            secret(&config.supabase_jwt_secret),
        )
    };
    let neat = config(&variables);
    assert!(neat.problems.is_empty(), "{:?}", neat.problems);
    for around in ["{}\n", " {}\r\n", "\"{}\"", "'{}'\n", "\u{feff}{}"] {
        let untidy = variables.map(|(name, value)| (name, around.replace("{}", value)));
        let found = |name: &str| untidy.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone());
        assert_eq!(exposed(&Config::from_lookup(found)), exposed(&neat), "{around:?}");
        let secret = untidy.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
        let secret = crate::secrets::Variables::new(secret);
        for (name, value) in variables {
            assert_eq!(secret.get(name).as_deref(), Some(value), "{around:?}");
        }
        assert!(Function::Webhook.is_complete(found) && Function::Health.is_complete(found), "{around:?}");
    }
    let empty = variables.map(|(name, _)| (name, "\"\"\n"));
    assert_eq!(exposed(&config(&empty)), exposed(&config(&[])));
    assert!(!Function::Entitlements.is_complete(|_| Some("\"\"".to_owned())));
}

#[test]
fn a_list_may_be_quoted_as_a_whole_or_each_of_its_values() {
    for list in ["\"whsec_1, whsec_2\"", "\"whsec_1\", 'whsec_2'\n", "whsec_1,,\nwhsec_2,"] {
        let config = config(&[("STRIPE_WEBHOOK_SECRET", list)]);
        let secrets: Vec<_> = config.webhook_secrets.iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["whsec_1", "whsec_2"], "{list}");
        assert!(config.problems.is_empty(), "{list}");
    }
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
    let faults = config.faults();
    assert_eq!(
        faults.iter().filter(|fault| fault.starts_with("STRIPE_SECRET_KEY ")).count(),
        1,
        "{faults:?}"
    );
    assert!(faults.contains(&"DATABASE_URL is missing".to_owned()), "{faults:?}");
    assert!(config.stripe_key.is_none() && config.base_url.is_none());
    assert_eq!(config.identity_source, IdentitySource::AccessToken);
    assert_eq!(config.grace_days, 7);
}

#[test]
fn a_live_key_is_never_sent_to_another_api_base() {
    let config = config(&[("STRIPE_SECRET_KEY", "sk_live_1"), ("STRIPE_API_BASE", "http://127.0.0.1:1")]);
    assert!(config.stripe_key.is_none());
    assert_eq!(config.problems, ["STRIPE_API_BASE is for local use and is refused with a live key"]);
}

#[test]
fn time_is_moved_only_beside_an_emulator_on_this_machine_and_never_with_a_live_key() {
    let here = ("STRIPE_API_BASE", "http://127.0.0.1:1");
    let clock = ("LOCAL_CLOCK", "/tmp/clock");
    for allowed in [vec![clock, here], vec![clock, here, ("STRIPE_SECRET_KEY", "sk_test_1")]] {
        let config = config(&allowed);
        assert!(config.local_clock.is_some() && config.problems.is_empty(), "{:?}", config.problems);
    }
    let elsewhere = ("STRIPE_API_BASE", "https://stripe.example.com");
    for refused in [
        vec![clock],
        vec![clock, ("STRIPE_SECRET_KEY", "sk_test_1")],
        vec![clock, elsewhere],
        vec![clock, here, ("STRIPE_SECRET_KEY", "sk_live_1")],
    ] {
        let config = config(&refused);
        assert_eq!(config.local_clock, None, "{refused:?}");
        assert!(config.problems[0].starts_with("LOCAL_CLOCK is for the local stack"), "{refused:?}");
    }
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
        (Function::Checkout, "DATABASE_URL STRIPE_SECRET_KEY BASE_URL SUPABASE_URL SUPABASE_JWT_SECRET"),
        (Function::Entitlements, "DATABASE_URL SUPABASE_URL SUPABASE_JWKS"),
        (Function::Health, "DATABASE_URL STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET BASE_URL SUPABASE_URL"),
        (Function::Ofrep, "DATABASE_URL SUPABASE_URL SUPABASE_JWKS"),
        (Function::Notify, "DATABASE_URL NOTIFY_URL NOTIFY_SECRET"),
        (Function::Notify, "DATABASE_URL NOTIFY_EVENT_BUS"),
        (Function::Plans, "DATABASE_URL SUPABASE_URL SUPABASE_JWT_SECRET"),
        (Function::Portal, "DATABASE_URL STRIPE_SECRET_KEY NEXT_PUBLIC_BASE_URL SUPABASE_URL SUPABASE_JWKS"),
        (
            Function::Probe,
            "PROBE_API_URL PROBE_WEBHOOK_URL STRIPE_WEBHOOK_SECRET CANARY_ORG_ID CANARY_EMAIL \
             CANARY_PASSWORD SUPABASE_PUBLISHABLE_KEY",
        ),
        (Function::Reconcile, "DATABASE_URL STRIPE_SECRET_KEY"),
        (Function::Sync, "DATABASE_URL STRIPE_SECRET_KEY SUPABASE_URL SUPABASE_JWT_SECRET"),
        (Function::Webhook, "DATABASE_URL STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET"),
    ] {
        assert!(function.is_complete(lookup(complete)), "{function:?}");
        for one in complete.split(' ') {
            let less = |name: &str| lookup(complete)(name).filter(|_| name != one);
            assert!(!function.is_complete(less), "{function:?} without {one}");
        }
    }
}

#[test]
fn a_function_that_is_told_who_calls_needs_nothing_to_check_tokens_with() {
    for (source, complete) in [("authorizer", true), ("trusted_headers", true), ("access_token", false)] {
        let lookup = |name: &str| match name {
            "IDENTITY_SOURCE" => Some(source.to_owned()),
            "DATABASE_URL" | "SUPABASE_URL" => Some("value".to_owned()),
            _ => None,
        };
        assert_eq!(Function::Entitlements.is_complete(lookup), complete, "{source}");
    }
}

#[test]
fn of_several_addresses_in_a_secret_each_function_takes_its_own() {
    let variables = |json: serde_json::Value| {
        crate::secrets::Variables::new(json.as_object().cloned().unwrap_or_default())
    };
    let shared = variables(serde_json::json!({
        "READER_DATABASE_URL": "r", "CHECKOUT_DATABASE_URL": "c", "EVENTS_DATABASE_URL": "e",
        "OPERATOR_DATABASE_URL": "o", "DATABASE_URL": "any", "GRACE_DAYS": 3, "AUTOMATIC_TAX": true,
        "SUPABASE_JWKS": { "keys": [] }, "EMPTY": {}, "LIST": ["a"],
    }));
    for (function, url) in [
        (Function::Entitlements, "r"),
        (Function::Health, "r"),
        (Function::Ofrep, "r"),
        (Function::Plans, "r"),
        (Function::Checkout, "c"),
        (Function::Portal, "c"),
        (Function::Webhook, "e"),
        (Function::Sync, "e"),
        (Function::Reconcile, "o"),
        (Function::Notify, "o"),
    ] {
        assert_eq!(shared.of_function(function, "DATABASE_URL").as_deref(), Some(url), "{function:?}");
    }
    let own = variables(serde_json::json!({ "DATABASE_URL": "own", "EVENTS_DATABASE_URL": " \n" }));
    assert_eq!(own.of_function(Function::Webhook, "DATABASE_URL").as_deref(), Some("own"));
    let text = |name| shared.of_function(Function::Webhook, name);
    assert_eq!((text("GRACE_DAYS"), text("AUTOMATIC_TAX")), (Some("3".to_owned()), Some("true".to_owned())));
    assert_eq!(text("SUPABASE_JWKS").as_deref(), Some(r#"{"keys":[]}"#));
    assert_eq!((text("EMPTY"), text("LIST"), text("NOTHING")), (None, None, None));
}
