//! What an access token says: whose it is, whom it is for, and when.

use serde_json::json;
use tests::auth::{BEGIN, TestAuth};
use tests::users;

#[tokio::test]
async fn the_claims_of_somebody_else_are_refused() {
    let t = TestAuth::start().await;
    let issuer = t.claims()["iss"].as_str().unwrap().to_owned();
    let forged = [
        json!({ "iss": null }),
        json!({ "iss": "https://other.supabase.co/auth/v1" }),
        json!({ "iss": format!("{issuer}/") }),
        json!({ "iss": issuer.to_uppercase() }),
        json!({ "iss": [issuer] }),
        json!({ "iss": "supabase" }),
        json!({ "aud": null }),
        json!({ "aud": "" }),
        json!({ "aud": "anon" }),
        json!({ "aud": "authenticated " }),
        json!({ "aud": ["anon", "service_role"] }),
        json!({ "aud": [] }),
        json!({ "aud": { "authenticated": true } }),
        json!({ "role": null }),
        json!({ "role": "service_role" }),
        json!({ "role": "anon" }),
        json!({ "role": "supabase_admin" }),
        json!({ "role": "Authenticated" }),
        json!({ "role": ["authenticated"] }),
        json!({ "is_anonymous": true }),
        json!({ "is_anonymous": "true" }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": "owner" }),
        json!({ "sub": 1 }),
        json!({ "sub": users::OWNER.replace('-', "") }),
        json!({ "sub": format!("{{{}}}", users::OWNER) }),
        json!({ "sub": format!("urn:uuid:{}", users::OWNER) }),
    ];
    for changes in forged {
        t.assert_refused(&t.token(&t.claims_with(changes.clone())), &changes.to_string()).await;
    }
}

#[tokio::test]
async fn a_token_is_good_between_its_times_and_a_minute_around() {
    let t = TestAuth::start().await;
    for (changes, good) in [
        (json!({ "exp": BEGIN - 59 }), true),
        (json!({ "exp": BEGIN - 60 }), false),
        (json!({ "exp": BEGIN - 61 }), false),
        (json!({ "exp": BEGIN - 86_400 }), false),
        (json!({ "nbf": BEGIN + 59 }), true),
        (json!({ "nbf": BEGIN + 60 }), true),
        (json!({ "nbf": BEGIN + 61 }), false),
        (json!({ "nbf": "soon" }), false),
        (json!({ "nbf": i64::MIN }), true),
        (json!({ "exp": null }), false),
        (json!({ "exp": (BEGIN + 3600) as f64 + 0.5 }), false),
        (json!({ "exp": (BEGIN + 3600).to_string() }), false),
        (json!({ "exp": [BEGIN + 3600] }), false),
        (json!({ "exp": true }), false),
        (json!({ "exp": -1 }), false),
        (json!({ "exp": i64::MIN }), false),
        (json!({ "exp": i64::MAX }), true),
        (json!({ "exp": u64::MAX }), false),
    ] {
        let token = t.token(&t.claims_with(changes.clone()));
        assert_eq!(t.speaks_for(&token).await.is_some(), good, "{changes}");
    }
    // The clock that counts is the app's.
    let token = t.token(&t.claims());
    t.advance(3600 + 59);
    assert!(t.speaks_for(&token).await.is_some());
    t.advance(1);
    t.assert_refused(&token, "expired").await;
}
