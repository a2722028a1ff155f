//! The access token, which each function checks itself: whom it speaks for, and every forged one that we
//! could think of.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA384, RSA_PSS_SHA256,
};
use ring::{hmac, signature};
use serde_json::{Value, json};
use tests::auth::{BEGIN, EcKey, JWT_SECRET, TestAuth, hs256, jwt};
use tests::{Answer, TestApp, event, users};

#[tokio::test]
async fn a_good_token_of_each_kind_speaks_for_its_person() {
    let t = TestAuth::start().await;
    let claims = t.claims();
    let old = hs256(JWT_SECRET.as_bytes(), &json!({ "alg": "HS256", "typ": "JWT" }), &claims);
    let old_with_kid =
        hs256(JWT_SECRET.as_bytes(), &json!({ "alg": "HS256", "kid": "x+y/z", "typ": "JWT" }), &claims);
    let rsa = t.rsa.sign(&json!({ "alg": "RS256", "kid": "rsa-1" }), &claims);
    for token in [old, old_with_kid, rsa, t.token(&claims)] {
        let owner = json!({ "userId": users::OWNER, "email": "owner@example.com" });
        for authorization in [format!("Bearer {token}"), format!("bEaReR  {token}")] {
            assert_eq!(t.bearer(&authorization).await.as_ref(), Some(&owner));
            // Past the door, the address lacks the organization.
            t.ask("entitlements", Some(&authorization)).await.assert_failure(400, "invalid_request");
        }
    }
    assert_eq!(t.server.fetches(), 1, "the keys are kept");
    for changes in [
        json!({ "aud": ["other", "authenticated"] }),
        json!({ "sub": users::OWNER.to_uppercase() }),
        json!({ "is_anonymous": null, "nbf": BEGIN }),
    ] {
        let token = t.token(&t.claims_with(changes.clone()));
        assert_eq!(t.speaks_for(&token).await.as_deref(), Some(users::OWNER), "{changes}");
    }
    for email in [json!(null), json!("")] {
        let token = t.token(&t.claims_with(json!({ "email": email })));
        let caller = t.bearer(&format!("Bearer {token}")).await;
        assert_eq!(caller, Some(json!({ "userId": users::OWNER, "email": null })), "signed in by telephone");
    }
}

#[tokio::test]
async fn a_token_that_nobody_signed_is_refused() {
    let t = TestAuth::start().await;
    let claims = t.claims();
    for alg in ["none", "None", "NONE", "nOnE", "noNE", "", "hs256", "HS256 ", "null"] {
        for kid in [json!(null), json!("ec-1"), json!("rsa-1")] {
            let header = json!({ "alg": alg, "typ": "JWT", "kid": kid });
            t.assert_refused(&jwt(&header, &claims, |_| Vec::new()), alg).await;
            t.assert_refused(&t.ec.sign(&header, &claims), alg).await;
            t.assert_refused(&hs256(JWT_SECRET.as_bytes(), &header, &claims), alg).await;
        }
    }
    for header in [json!({ "typ": "JWT", "kid": "ec-1" }), json!({ "alg": null }), json!([]), json!("ES256")]
    {
        t.assert_refused(&t.ec.sign(&header, &claims), &header.to_string()).await;
    }
    for alg in ["HS256", "ES256", "RS256"] {
        for kid in ["ec-1", "rsa-1"] {
            let header = json!({ "alg": alg, "kid": kid });
            t.assert_refused(&jwt(&header, &claims, |_| Vec::new()), "an empty signature").await;
            t.assert_refused(&jwt(&header, &claims, |_| vec![0; 64]), "a signature of zeros").await;
        }
    }
}

#[tokio::test]
async fn a_public_key_is_never_a_secret() {
    for variables in [&[("SUPABASE_JWT_SECRET", JWT_SECRET)][..], &[]] {
        let t = TestAuth::start_with(variables).await;
        let pem = |label: &str, der: &[u8]| {
            let text = STANDARD.encode(der);
            let lines: Vec<_> = text.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).unwrap()).collect();
            format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
        };
        let (jwk, rsa) = (t.ec.jwk(), t.rsa.jwk());
        let spki = pem("PUBLIC KEY", &t.ec.der());
        let decoded = |name: &str, key: &Value| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
        let secrets = [
            spki.trim_ascii_end().to_vec(),
            spki,
            t.ec.der(),
            t.ec.point().to_vec(),
            t.ec.point()[1..].to_vec(),
            decoded("x", &jwk),
            jwk["x"].as_str().unwrap().as_bytes().to_vec(),
            jwk.to_string().into_bytes(),
            json!({ "keys": [jwk, rsa] }).to_string().into_bytes(),
            rsa.to_string().into_bytes(),
            decoded("n", &rsa),
            rsa["n"].as_str().unwrap().as_bytes().to_vec(),
            pem("RSA PUBLIC KEY", &decoded("n", &rsa)),
            Vec::new(),
        ];
        for secret in secrets {
            for kid in ["ec-1", "rsa-1"] {
                let token = hs256(&secret, &json!({ "alg": "HS256", "kid": kid }), &t.claims());
                t.assert_refused(&token, "HS256 with a public key").await;
            }
        }
    }
}

#[tokio::test]
async fn a_key_is_used_for_its_own_algorithm_alone() {
    let t = TestAuth::start().await;
    let claims = t.claims();
    t.assert_refused(&t.ec.sign(&json!({ "alg": "RS256", "kid": "ec-1" }), &claims), "EC as RS256").await;
    t.assert_refused(&t.ec.sign(&json!({ "alg": "ES256", "kid": "rsa-1" }), &claims), "EC by the RSA name")
        .await;
    t.assert_refused(&t.rsa.sign(&json!({ "alg": "ES256", "kid": "rsa-1" }), &claims), "RSA as ES256").await;
    t.assert_refused(&t.rsa.sign(&json!({ "alg": "HS256", "kid": "rsa-1" }), &claims), "RSA as HS256").await;
    for (alg, padding) in
        [("PS256", &RSA_PSS_SHA256 as &dyn signature::RsaEncoding), ("RS384", &RSA_PKCS1_SHA384)]
    {
        t.assert_refused(&t.rsa.sign_as(padding, &json!({ "alg": alg, "kid": "rsa-1" }), &claims), alg).await;
        let lie = t.rsa.sign_as(padding, &json!({ "alg": "RS256", "kid": "rsa-1" }), &claims);
        t.assert_refused(&lie, "another way to sign, called RS256").await;
    }
    for alg in ["HS384", "HS512"] {
        let digest = if alg == "HS384" { hmac::HMAC_SHA384 } else { hmac::HMAC_SHA512 };
        let token = jwt(&json!({ "alg": alg }), &claims, |message| {
            hmac::sign(&hmac::Key::new(digest, JWT_SECRET.as_bytes()), message).as_ref().to_vec()
        });
        t.assert_refused(&token, alg).await;
    }
    let random = SystemRandom::new();
    let p384 = &ECDSA_P384_SHA384_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(p384, &random).unwrap();
    let p384 = EcdsaKeyPair::from_pkcs8(p384, document.as_ref(), &random).unwrap();
    let ed25519 =
        Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()).unwrap();
    for kid in ["ec-1", "rsa-1"] {
        let es384 = jwt(&json!({ "alg": "ES384", "kid": kid }), &claims, |m| {
            p384.sign(&random, m).unwrap().as_ref().to_vec()
        });
        t.assert_refused(&es384, "ES384").await;
        let eddsa =
            jwt(&json!({ "alg": "EdDSA", "kid": kid }), &claims, |m| ed25519.sign(m).as_ref().to_vec());
        t.assert_refused(&eddsa, "EdDSA").await;
    }
}

#[tokio::test]
async fn a_token_that_was_changed_is_refused() {
    let t = TestAuth::start().await;
    let token = t.token(&t.claims());
    let parts: Vec<_> = token.split('.').collect();
    let others = URL_SAFE_NO_PAD.encode(t.claims_with(json!({ "sub": users::OUTSIDER })).to_string());
    t.assert_refused(&format!("{}.{others}.{}", parts[0], parts[2]), "another payload").await;
    let header = URL_SAFE_NO_PAD.encode(json!({ "alg": "ES256", "kid": "ec-1" }).to_string());
    t.assert_refused(&format!("{header}.{}.{}", parts[1], parts[2]), "another header").await;
    let mut bytes = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    bytes[40] ^= 1;
    let flipped = URL_SAFE_NO_PAD.encode(&bytes);
    t.assert_refused(&format!("{}.{}.{flipped}", parts[0], parts[1]), "another signature").await;
    let stranger = EcKey::new("ec-1");
    t.assert_refused(&stranger.sign(&stranger.header(), &t.claims()), "a stranger's key of that name").await;
    let other_secret = hs256(&[b'x'; 40], &json!({ "alg": "HS256" }), &t.claims());
    t.assert_refused(&other_secret, "another secret").await;
    for broken in
        ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", &token[1..], &format!("{token}="), &format!("{token}.x")]
    {
        t.assert_refused(broken, broken).await;
    }
}

#[tokio::test]
async fn a_token_may_not_bring_its_own_key() {
    let t = TestAuth::start().await;
    let own = EcKey::new("own");
    for (name, value) in [
        ("jwk", own.jwk()),
        ("jku", json!(format!("{}/keys", t.server.url))),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!([STANDARD.encode(own.der())])),
    ] {
        for kid in ["own", "ec-1"] {
            let header = json!({ "alg": "ES256", "typ": "JWT", "kid": kid, name: value });
            t.assert_refused(&own.sign(&header, &t.claims()), name).await;
        }
    }
    let critical = json!({ "alg": "ES256", "kid": "ec-1", "crit": ["exp"] });
    t.assert_refused(&t.ec.sign(&critical, &t.claims()), "crit").await;
}

#[tokio::test]
async fn nobody_is_let_in_without_configuration() {
    for variables in [
        &[("SUPABASE_URL", "")][..],
        &[("SUPABASE_URL", ""), ("SUPABASE_JWT_SECRET", JWT_SECRET)],
        &[("SUPABASE_URL", "http://example.com"), ("SUPABASE_JWT_SECRET", JWT_SECRET)],
    ] {
        let t = TestAuth::start_with(variables).await;
        t.assert_refused(&t.token(&t.claims()), "ES256").await;
        t.assert_refused(&hs256(JWT_SECRET.as_bytes(), &json!({ "alg": "HS256" }), &t.claims()), "HS256")
            .await;
        t.assert_refused(&hs256(b"", &json!({ "alg": "HS256" }), &t.claims()), "the empty secret").await;
    }
    for variables in [&[][..], &[("SUPABASE_JWT_SECRET", "too-short")]] {
        let t = TestAuth::start_with(variables).await;
        for secret in ["", "too-short", JWT_SECRET] {
            let token = hs256(secret.as_bytes(), &json!({ "alg": "HS256" }), &t.claims());
            t.assert_refused(&token, "no secret is configured").await;
        }
    }
}

#[tokio::test]
async fn a_forged_token_opens_no_route_and_a_good_one_is_served() {
    let t = TestAuth::start().await;
    let variables =
        [("IDENTITY_SOURCE", ""), ("SUPABASE_URL", &t.server.url), ("SUPABASE_JWT_SECRET", JWT_SECRET)];
    let api = TestApp::start_with(&variables).await;
    let now = api.now();
    let claims = |changes: Value| {
        let mut claims = t.claims_with(json!({ "iat": now, "exp": now + 3600 }));
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        claims
    };
    let good = claims(json!({}));
    let everywhere = async |token: &str| -> [Answer; 4] {
        let authorization = format!("Bearer {token}");
        let call = |method, path: &str, body| {
            event(method, path, &[("authorization", &authorization)], body, &json!(null))
        };
        let order = json!({ "orgId": api.org, "planCode": "pro", "interval": "month" });
        let org = json!({ "orgId": api.org });
        let entitlements = format!("/api/entitlements?orgId={}", api.org);
        [
            api.call_entitlements(call("GET", &entitlements, None)).await,
            api.call_checkout(call("POST", "/api/billing/checkout", Some(&order))).await,
            api.call_portal(call("POST", "/api/billing/portal", Some(&org))).await,
            api.call_sync(call("POST", "/api/billing/sync", Some(&org))).await,
        ]
    };
    for token in [
        jwt(&json!({ "alg": "none" }), &good, |_| Vec::new()),
        t.token(&claims(json!({ "exp": now - 61 }))),
        t.token(&claims(json!({ "role": "service_role" }))),
        hs256(t.ec.jwk().to_string().as_bytes(), &json!({ "alg": "HS256" }), &good),
        "x".to_owned(),
    ] {
        for answer in everywhere(&token).await {
            answer.assert_failure(401, "unauthenticated");
            assert_eq!(answer.text("/error"), "Authentication is required");
        }
    }
    for token in [t.token(&good), hs256(JWT_SECRET.as_bytes(), &json!({ "alg": "HS256" }), &good)] {
        for answer in everywhere(&token).await {
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    }
    let customer = api.stripe.call("GET", "/v1/customers", &json!({})).unwrap();
    assert_eq!(customer["data"][0]["email"], "owner@example.com");
}
