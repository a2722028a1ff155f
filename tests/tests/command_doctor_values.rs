//! `billing doctor`: values that were copied from the wrong place, and the project's keys.

use cli::commands::doctor::Status;
use serde_json::json;
use tests::auth::{Behaviour, EcKey, JWT_SECRET};

use crate::command_doctor::Deployment;

#[tokio::test]
async fn a_value_of_another_kind_where_a_key_or_a_signing_secret_belongs() {
    let d = Deployment::start().await;
    for (variable, value, words) in [
        ("STRIPE_WEBHOOK_SECRET", "sk_test_hush", "not a secret key (sk_)"),
        ("STRIPE_WEBHOOK_SECRET", "we_hush", "not a webhook endpoint's id (we_)"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_", "not only the beginning of one"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1,pk_test_hush", "(pk_), as its value 2 of 2 is"),
    ] {
        let complaints = d.complaints(&[(variable, value)]).await;
        assert!(!format!("{complaints:?}").contains("hush"), "{complaints:?}");
        Deployment::found(complaints, "configuration", Status::Failing, words);
    }
    assert!(d.complaints(&[("STRIPE_WEBHOOK_SECRET", " \"whsec_1\"\n")]).await.is_empty());
    let anon = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiIsImh1c2giOiJodXNoIn0.hushhushhushhush";
    let complaints = d.complaints(&[("SUPABASE_JWT_SECRET", anon)]).await;
    assert!(!format!("{complaints:?}").contains("hush"), "{complaints:?}");
    Deployment::found(complaints, "configuration", Status::Failing, "not a JSON Web Token, as the keys anon");
    let complaints = d.complaints(&[("STRIPE_SECRET_KEY", "whsec_hush")]).await;
    let (check, status, text) = &complaints[0];
    assert_eq!((*check, *status), ("configuration", Status::Failing), "{text}");
    assert!(text.contains("not a webhook's signing secret (whsec_)") && !text.contains("hush"), "{text}");
}

#[tokio::test]
async fn a_database_address_with_the_parameters_of_others() {
    let d = Deployment::start().await;
    let url = d.t.database.url("billing_operator");
    let copied = format!("{url}?pgbouncer=true&connection_limit=1&schema=public&sslmode=prefer\n");
    assert!(d.complaints(&[("DATABASE_URL", &copied)]).await.is_empty());
    for (parameter, words) in [
        (
            "sslmode=no-verify",
            "its parameter sslmode=no-verify asks for a connection without TLS or without verification",
        ),
        ("colour=blue", "its parameter colour is not known"),
    ] {
        let url = format!("postgres://billing_operator:hush@db.example.com/d?{parameter}");
        let complaints = d.complaints(&[("DATABASE_URL", &url)]).await;
        assert!(!format!("{complaints:?}").contains("hush"), "{complaints:?}");
        Deployment::found(complaints, "database", Status::Failing, words);
    }
}

#[tokio::test]
async fn a_project_none_of_whose_access_tokens_could_be_accepted() {
    let d = Deployment::start().await;
    let fetches = d.project.fetches();
    assert!(d.complaints(&[]).await.is_empty());
    assert_eq!(d.project.fetches(), fetches + 1, "the keys are fetched once");
    let service = format!("{}/auth/v1/", d.project.url);
    assert!(d.complaints(&[("SUPABASE_URL", &service)]).await.is_empty(), "that is the project's, too");

    let elsewhere = format!("{}/elsewhere", d.project.url);
    let secret = ("SUPABASE_JWT_SECRET", JWT_SECRET);
    for (url, words) in [
        ("http://127.0.0.1:1", "http://127.0.0.1:1/auth/v1/.well-known/jwks.json cannot be read: no answer"),
        (elsewhere.as_str(), "the answer is a 404"),
    ] {
        let complaints = d.complaints(&[("SUPABASE_URL", url)]).await;
        assert!(complaints[0].2.contains("No access token can be accepted."), "{complaints:?}");
        Deployment::found(complaints, "signing_keys", Status::Failing, words);
        // The secret checks tokens without asking anybody.
        let complaints = d.complaints(&[("SUPABASE_URL", url), secret]).await;
        Deployment::found(complaints, "signing_keys", Status::Warning, words);
    }
    d.project.behave(Behaviour::Body("<html>".to_owned()));
    Deployment::found(d.complaints(&[]).await, "signing_keys", Status::Failing, "the answer is no key set");

    d.project.behave(Behaviour::Keys(json!([])));
    let none = "none published, and SUPABASE_JWT_SECRET is not set";
    Deployment::found(d.complaints(&[]).await, "signing_keys", Status::Failing, none);
    assert!(d.complaints(&[secret]).await.is_empty());

    let odd = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "AAAA" });
    d.project.behave(Behaviour::Keys(json!([odd, { "kty": "<script>" }])));
    let kinds = "only of kinds that are not supported: OKP Ed25519, of no kind";
    Deployment::found(d.complaints(&[]).await, "signing_keys", Status::Failing, kinds);
    Deployment::found(d.complaints(&[secret]).await, "signing_keys", Status::Warning, kinds);
    d.project.behave(Behaviour::Keys(json!([odd, EcKey::new("ec-1").jwk()])));
    let both = "1 published: ES256; of kinds that are not supported: OKP Ed25519";
    Deployment::found(d.complaints(&[]).await, "signing_keys", Status::Warning, both);

    let fetches = d.project.fetches();
    for source in ["trusted_headers", "authorizer"] {
        d.complaints(&[("IDENTITY_SOURCE", source)]).await;
    }
    assert_eq!(d.project.fetches(), fetches, "nobody reads tokens then");
}

#[tokio::test]
async fn configured_keys_that_are_not_those_that_are_published() {
    let d = Deployment::start().await;
    let (one, two) = (EcKey::new("one").jwk(), EcKey::new("two").jwk());
    let with = async |configured: serde_json::Value, published: serde_json::Value| {
        d.project.behave(Behaviour::Keys(published));
        d.complaints(&[("SUPABASE_JWKS", &json!({ "keys": configured }).to_string())]).await
    };
    assert!(with(json!([one, two]), json!([two, one])).await.is_empty());
    let lacking = with(json!([one]), json!([one, two])).await;
    assert!(lacking[0].2.contains("Put what http"), "{lacking:?}");
    let words = "SUPABASE_JWKS lacks a key that is published: two";
    Deployment::found(lacking, "signing_keys", Status::Warning, words);
    let gone = with(json!([one, two]), json!([one])).await;
    let words = "SUPABASE_JWKS has a key that is not published any more: two";
    Deployment::found(gone, "signing_keys", Status::Warning, words);
    let odd = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "AAAA" });
    let unusable = with(json!([odd]), json!([one])).await;
    let words = "SUPABASE_JWKS has no key of a kind that is supported";
    Deployment::found(unusable, "signing_keys", Status::Failing, words);
    // They work without the project.
    d.project.behave(Behaviour::Broken);
    let keys = json!({ "keys": [one] }).to_string();
    assert!(d.complaints(&[("SUPABASE_JWKS", &keys)]).await.is_empty());
    let address = format!("{}/auth/v1/.well-known/jwks.json", d.project.url);
    let words = "SUPABASE_JWKS must be a JSON Web Key Set of public keys";
    let complaints = d.complaints(&[("SUPABASE_JWKS", &address)]).await;
    assert!(complaints.iter().any(|(_, status, text)| *status == Status::Failing && text.contains(words)));
}
