//! The keys of access tokens: which of a set are used, when they are fetched, how they change, what an outage
//! does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::auth::{Behaviour, EcKey, TestAuth};
use tests::users;

#[tokio::test]
async fn only_keys_that_are_for_these_signatures_are_used() {
    let t = TestAuth::start().await;
    let with = |name: &str, value: Value| {
        let mut jwk = t.ec.jwk();
        jwk[name] = value;
        jwk
    };
    let without = |name: &str| {
        let mut jwk = t.ec.jwk();
        jwk.as_object_mut().unwrap().remove(name);
        jwk
    };
    let token = t.token(&t.claims());
    for (keys, good) in [
        (json!([with("use", json!("enc"))]), false),
        (json!([with("key_ops", json!(["sign"]))]), false),
        (json!([with("key_ops", json!([]))]), false),
        (json!([with("alg", json!("ES384"))]), false),
        (json!([with("alg", json!("HS256"))]), false),
        (json!([with("crv", json!("P-384"))]), false),
        (json!([with("kty", json!("oct"))]), false),
        (json!([with("x", json!("AAAA"))]), false),
        (json!([with("x", json!("no base64!"))]), false),
        (json!([without("y")]), false),
        (json!([without("kid")]), false),
        (json!([]), false),
        (json!([without("use")]), true),
        (json!([without("key_ops")]), true),
        (json!([without("alg")]), true),
        // What we cannot use may be there for others.
        (
            json!([null, 1, {}, { "kty": "OKP", "kid": "a" }, { "kty": "oct", "kid": "b", "k": "AAAA" },
                t.ec.jwk()]),
            true,
        ),
    ] {
        t.server.behave(Behaviour::Keys(keys.clone()));
        t.advance(601);
        let fresh = t.token(&t.claims());
        assert_eq!(t.speaks_for(&fresh).await.is_some(), good, "{keys}");
    }
    assert_eq!(t.server.fetches(), 16);
    t.assert_refused(&token, "expired meanwhile").await;
}

#[tokio::test]
async fn a_name_is_compared_with_those_of_the_keys_and_used_for_nothing_else() {
    let t = TestAuth::start().await;
    let names = [
        json!("../../etc/passwd"),
        json!("/dev/null"),
        json!("file:///dev/null"),
        json!(format!("{}/auth/v1/.well-known/jwks.json", t.server.url)),
        json!("ec-1\u{0}"),
        json!("EC-1"),
        json!(" ec-1"),
        json!("' or 1=1 --"),
        json!(""),
        json!(null),
        json!(1),
        json!(["ec-1"]),
        json!({ "kid": "ec-1" }),
        json!("x".repeat(129)),
        json!("x".repeat(5000)),
        json!("x".repeat(10 * 1024)),
    ];
    for name in names {
        let token = t.ec.sign(&json!({ "alg": "ES256", "kid": name }), &t.claims());
        t.assert_refused(&token, &name.to_string()).await;
    }
    assert!(t.server.fetches() <= 1);
    t.assert_refused(&t.ec.sign(&json!({ "alg": "ES256" }), &t.claims()), "no name").await;
    assert!(t.speaks_for(&t.token(&t.claims())).await.is_some());
}

#[tokio::test]
async fn a_flood_of_unknown_names_is_one_fetch_a_minute() {
    let t = TestAuth::start().await;
    assert!(t.speaks_for(&t.token(&t.claims())).await.is_some());
    assert_eq!(t.server.fetches(), 1);
    t.advance(60);
    let flood = async |round: usize| {
        let tokens: Vec<_> = (0..100)
            .map(|i| t.ec.sign(&json!({ "alg": "ES256", "kid": format!("{round}-{i}") }), &t.claims()))
            .collect();
        for answer in join_all(tokens.iter().map(|token| t.speaks_for(token))).await {
            assert_eq!(answer, None);
        }
    };
    flood(1).await;
    assert_eq!(t.server.fetches(), 2);
    t.advance(59);
    flood(2).await;
    assert_eq!(t.server.fetches(), 2);
    t.advance(1);
    flood(3).await;
    assert_eq!(t.server.fetches(), 3);
    assert!(t.speaks_for(&t.token(&t.claims())).await.is_some(), "nobody else notices");
    assert_eq!(t.server.fetches(), 3);
}

#[tokio::test]
async fn the_first_tokens_share_one_fetch() {
    let t = TestAuth::start().await;
    let token = t.token(&t.claims());
    let answers = join_all((0..20).map(|_| t.speaks_for(&token))).await;
    assert!(answers.iter().all(Option::is_some));
    assert_eq!(t.server.fetches(), 1);
}

#[tokio::test]
async fn a_new_key_is_found_and_a_revoked_one_is_gone_within_ten_minutes() {
    let t = TestAuth::start().await;
    assert!(t.speaks_for(&t.token(&t.claims())).await.is_some());
    let next = EcKey::new("ec-2");
    t.server.behave(Behaviour::Keys(json!([next.jwk()])));
    // The old key is believed for as long as nobody names the new one, but no longer than ten minutes.
    t.advance(599);
    assert!(t.speaks_for(&t.token(&t.claims())).await.is_some());
    t.advance(1);
    t.assert_refused(&t.token(&t.claims()), "the revoked key").await;
    let token = next.sign(&next.header(), &t.claims());
    assert!(t.speaks_for(&token).await.is_some());
    let newest = EcKey::new("ec-3");
    t.server.behave(Behaviour::Keys(json!([next.jwk(), newest.jwk()])));
    t.advance(60);
    assert!(t.speaks_for(&newest.sign(&newest.header(), &t.claims())).await.is_some(), "found at once");
    assert_eq!(t.server.fetches(), 3);
}

#[tokio::test]
async fn a_token_that_was_taken_is_taken_again_and_nothing_that_resembles_it() {
    let t = TestAuth::start().await;
    for token in [t.token(&t.claims()), t.rsa.sign(&json!({ "alg": "RS256", "kid": "rsa-1" }), &t.claims())] {
        for _ in 0..3 {
            assert_eq!(t.speaks_for(&token).await.as_deref(), Some(users::OWNER));
        }
        let parts: Vec<_> = token.split('.').collect();
        let others = URL_SAFE_NO_PAD.encode(t.claims_with(json!({ "sub": users::OUTSIDER })).to_string());
        t.assert_refused(&format!("{}.{others}.{}", parts[0], parts[2]), "another payload").await;
        t.assert_refused(&format!("{}.{}.", parts[0], parts[1]), "no signature").await;
        t.assert_refused(&format!("{}.{}.{}", parts[0], parts[1], &parts[2][1..]), "a part of it").await;
        t.assert_refused(&format!("{token}.{}", parts[2]), "more than it").await;
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": "ES256", "kid": "rsa-1" }).to_string());
        t.assert_refused(&format!("{header}.{}.{}", parts[1], parts[2]), "another header").await;
        assert_eq!(t.speaks_for(&token).await.as_deref(), Some(users::OWNER));
    }
}

#[tokio::test]
async fn what_a_key_has_signed_is_forgotten_with_the_key() {
    let t = TestAuth::start().await;
    let token = t.token(&t.claims());
    assert!(t.speaks_for(&token).await.is_some());
    // Another key of the same name.
    let next = EcKey::new("ec-1");
    t.server.behave(Behaviour::Keys(json!([next.jwk()])));
    t.advance(600);
    t.assert_refused(&token, "what the key before signed").await;
    assert!(t.speaks_for(&next.sign(&next.header(), &t.claims())).await.is_some());
    t.server.behave(Behaviour::Keys(json!([])));
    t.advance(600);
    t.assert_refused(&next.sign(&next.header(), &t.claims()), "a key that is gone").await;
}

#[tokio::test]
async fn an_outage_keeps_the_known_keys_for_an_hour() {
    let t = TestAuth::start().await;
    assert!(t.speaks_for(&t.token(&t.claims())).await.is_some());
    t.server.behave(Behaviour::Broken);
    for _ in 0..5 {
        t.advance(600);
        assert!(t.speaks_for(&t.token(&t.claims())).await.is_some());
    }
    let fetches = t.server.fetches();
    assert_eq!(fetches, 6);
    assert!(t.speaks_for(&t.token(&t.claims())).await.is_some());
    assert_eq!(t.server.fetches(), fetches, "an outage is asked about once a minute");
    t.advance(600);
    assert_eq!(t.speaks_for(&t.token(&t.claims())).await, None, "an hour without news");
    t.server.behave(Behaviour::Keys(json!([t.ec.jwk()])));
    t.advance(5);
    assert!(t.speaks_for(&t.token(&t.claims())).await.is_some(), "it is over");
}

#[tokio::test]
async fn an_answer_that_is_no_key_set_changes_nothing() {
    let t = TestAuth::start().await;
    assert!(t.speaks_for(&t.token(&t.claims())).await.is_some());
    let huge = format!("{{\"keys\": [], \"padding\": \"{}\"}}", "x".repeat(64 * 1024));
    for body in ["", "<html>", "[]", "{}", "{\"keys\": {}}", &huge] {
        t.server.behave(Behaviour::Body(body.to_owned()));
        t.advance(601);
        assert!(t.speaks_for(&t.token(&t.claims())).await.is_some(), "{body:.20}");
        t.server.behave(Behaviour::Keys(json!([t.ec.jwk()])));
        t.advance(61);
        assert!(t.speaks_for(&t.token(&t.claims())).await.is_some());
    }
}

#[tokio::test]
async fn nobody_waits_for_keys_longer_than_the_deadline() {
    let t = TestAuth::start().await;
    t.server.behave(Behaviour::Silent);
    let token = t.token(&t.claims());
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(6), t.speaks_for(&token)).await;
    assert_eq!(in_time.expect("an answer in time"), None);
}
