//! The tests of what is configured of a project.

use crate::config::Config;

fn config(variables: &[(&str, &str)]) -> Config {
    Config::from_lookup(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
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
        ("https://supabase.com/dashboard/project/ref", None),
    ] {
        let config = config(&[("SUPABASE_URL", url)]);
        assert_eq!(config.supabase_url.as_deref(), read, "{url}");
        assert_eq!(config.problems.is_empty(), read.is_some(), "{url}");
    }
}

#[test]
fn the_address_of_one_of_the_project_s_services_is_the_project_s() {
    for (url, read) in [
        ("https://ref.supabase.co/auth/v1", "https://ref.supabase.co"),
        ("https://ref.supabase.co/auth/v1/", "https://ref.supabase.co"),
        ("https://ref.supabase.co//auth/v1//", "https://ref.supabase.co"),
        ("https://ref.supabase.co/auth/v1/.well-known/jwks.json", "https://ref.supabase.co"),
        ("https://ref.supabase.co/auth/v1/callback", "https://ref.supabase.co"),
        ("https://ref.supabase.co/rest/v1", "https://ref.supabase.co"),
        ("https://ref.supabase.co/rest/v1/", "https://ref.supabase.co"),
        ("https://ref.supabase.co/storage/v1", "https://ref.supabase.co"),
        ("https://ref.supabase.co/functions/v1", "https://ref.supabase.co"),
        ("https://example.com/supabase/auth/v1", "https://example.com/supabase"),
        ("http://127.0.0.1:54321/auth/v1/", "http://127.0.0.1:54321"),
        // Nothing of Supabase's.
        ("https://example.com/auth/v10", "https://example.com/auth/v10"),
        ("https://example.com/auth", "https://example.com/auth"),
    ] {
        let config = config(&[("SUPABASE_URL", url)]);
        assert_eq!(config.supabase_url.as_deref(), Some(read), "{url}");
        assert!(config.problems.is_empty(), "{url}");
    }
}

#[test]
fn a_key_set_is_taken_if_it_is_one_of_public_keys() {
    let public = r#"{"keys": [{"kty": "EC", "kid": "a", "x": "AAAA"}]}"#;
    for (value, instead) in [
        (public, None),
        (&format!(" '{public}'\n"), None),
        (r#"{"keys": [{}], "more": 1}"#, None),
        ("https://ref.supabase.co/auth/v1/.well-known/jwks.json", Some("the address of one")),
        ("{}", Some("something else")),
        ("[]", Some("something else")),
        ("hush", Some("something else")),
        (r#"{"kty": "EC", "kid": "a"}"#, Some("something else")),
        (r#"{"keys": {}}"#, Some("something else")),
        (r#"{"keys": ["hush"]}"#, Some("something else")),
        (r#"{"keys": []}"#, Some("an empty one")),
        (r#"{"keys": [{"kty": "EC", "d": "hush"}]}"#, Some("one with a private key or a secret")),
        (
            r#"{"keys": [{"kty": "EC"}, {"kty": "oct", "k": "hush"}]}"#,
            Some("one with a private key or a secret"),
        ),
    ] {
        let config = config(&[("SUPABASE_JWKS", value)]);
        let expected = instead.map(|instead| {
            format!(
                "SUPABASE_JWKS must be a JSON Web Key Set of public keys, {{\"keys\": [...]}}, not {instead}"
            )
        });
        assert_eq!(config.problems, expected.into_iter().collect::<Vec<_>>(), "{value}");
        assert_eq!(config.supabase_jwks.is_some(), instead.is_none(), "{value}");
        assert!(!format!("{config:?}").contains("hush"), "{value}");
    }
}

#[test]
fn a_jwt_secret_that_could_be_guessed_counts_as_none() {
    let short = config(&[("SUPABASE_JWT_SECRET", "0123456789012345678901234567890")]);
    assert!(short.supabase_jwt_secret.is_none());
    let expected = "SUPABASE_JWT_SECRET must be the project's legacy JWT secret, at least 32 characters long";
    assert_eq!(short.problems, [format!("{expected}, not a shorter value")]);
    let long = config(&[("SUPABASE_JWT_SECRET", "01234567890123456789012345678901")]);
    assert!(long.supabase_jwt_secret.is_some() && long.problems.is_empty());
    assert!(!format!("{long:?}").contains("0123456789"));
}

#[test]
fn what_stands_beside_the_jwt_secret_is_told_by_its_kind_and_checks_no_token() {
    let hush = "hush51H8hush51H8hush51H8hush51H8";
    for (value, kind) in [
        (
            format!("eyJ{hush}.eyJ{hush}.{hush}"),
            "not a JSON Web Token, as the keys anon and service_role are",
        ),
        (format!("sb_secret_{hush}"), "not a key of Supabase (sb_secret_)"),
        (format!("sb_publishable_{hush}"), "not a key of Supabase (sb_publishable_)"),
        (format!("sbp_{hush}"), "not an access token of Supabase's own API (sbp_)"),
        (format!("whsec_{hush}"), "not a webhook's signing secret (whsec_)"),
        (format!("sk_live_{hush}"), "not a Stripe key (sk_)"),
        (format!("https://{hush}.supabase.co"), "not a web address"),
        (format!("postgresql://{hush}"), "not a database's address"),
        (format!("-----BEGIN PUBLIC KEY----- {hush}"), "not a key in PEM"),
    ] {
        let config = config(&[("SUPABASE_JWT_SECRET", &value)]);
        assert!(config.supabase_jwt_secret.is_none(), "{kind}");
        let [problem] = config.problems.as_slice() else { panic!("{kind}: {:?}", config.problems) };
        assert!(problem.ends_with(kind) && !problem.contains(hush), "{problem}");
    }
    // Anything else of that length may be one: Supabase's own are base64, a local project's are words.
    for good in [format!("eyJ{hush}=="), "super-secret-jwt-token-with-at-least-32-characters-long".to_owned()]
    {
        assert!(config(&[("SUPABASE_JWT_SECRET", &good)]).supabase_jwt_secret.is_some(), "{good}");
    }
}
