//! The gateway of the local stack: whose pages may change something, and who is signed in.

use local::dev::people::PEOPLE;
use serde_json::{Value, json};

use crate::gateway::{Stack, status_and_code};

#[tokio::test]
async fn a_page_of_an_unknown_origin_may_change_nothing() {
    let s = Stack::start().await;
    let post = |path: &str, origin: &str| {
        s.http.post(format!("{}{path}", s.url)).header("origin", origin).body("{}").send()
    };
    for path in ["/api/billing/checkout", "/api/webhooks/stripe", "/auth/v1/token?grant_type=password"] {
        for origin in ["https://evil.example", "null", "http://localhost:3001"] {
            assert_eq!(post(path, origin).await.unwrap().status(), 403, "{path} {origin}");
        }
        let ours = post(path, "http://localhost:3000").await.unwrap().status().as_u16();
        assert!(ours == 400 || ours == 401, "{path}: {ours}");
    }
    assert_eq!(s.events.lock().unwrap().len(), 2, "the functions were asked by the known page alone");
}

#[tokio::test]
async fn who_is_signed_in_is_told_who_they_are_and_may_sign_out() {
    let s = Stack::start().await;
    let user = |token: String| s.http.get(format!("{}/auth/v1/user", s.url)).bearer_auth(token).send();
    let told: Value = user(s.token()).await.unwrap().json().await.unwrap();
    assert_eq!((&told["id"], &told["email"]), (&json!(PEOPLE.owner.user_id), &json!(PEOPLE.owner.email)));
    let forged = format!("{}x", s.token());
    for token in [String::new(), "a.b.c".to_owned(), forged] {
        assert_eq!(user(token).await.unwrap().status(), 401);
    }
    let out = s.http.post(format!("{}/auth/v1/logout", s.url)).bearer_auth(s.token()).send();
    assert_eq!(out.await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_user_id_alone_is_signed_in_here_and_nowhere_else() {
    let s = Stack::start().await;
    let owner = PEOPLE.owner.user_id;
    let by = |ids: &[&str]| ids.iter().fold(s.ask(), |request, id| request.header("x-user-id", *id));
    assert_eq!(status_and_code(by(&[owner])).await.0, 200);
    assert_eq!(status_and_code(by(&[&owner.to_uppercase()])).await.0, 200);
    for ids in [&["test"][..], &[""], &[owner, owner], &[owner, "test"]] {
        assert_eq!(status_and_code(by(ids)).await, (401, "unauthenticated".to_owned()), "{ids:?}");
    }
    let other = s.ask().bearer_auth(s.token()).header("x-user-id", PEOPLE.admin.user_id);
    assert_eq!(status_and_code(other).await, (403, "identity_mismatch".to_owned()));
}

#[tokio::test]
async fn people_sign_in_as_at_supabase() {
    let s = Stack::start().await;
    let grant = |kind: &str, body: Value| {
        s.http.post(format!("{}/auth/v1/token?grant_type={kind}", s.url)).json(&body).send()
    };
    let answer = grant("password", json!({ "email": PEOPLE.owner.email, "password": "any" })).await.unwrap();
    let session: Value = answer.json().await.unwrap();
    assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("bearer"), &json!(3600)));
    assert_eq!(session["user"]["id"], PEOPLE.owner.user_id);
    assert!(session["expires_at"].is_i64());
    let token = session["access_token"].as_str().unwrap();
    assert_eq!(status_and_code(s.ask().bearer_auth(token)).await.0, 200);
    let refresh = json!({ "refresh_token": session["refresh_token"] });
    let renewed: Value = grant("refresh_token", refresh.clone()).await.unwrap().json().await.unwrap();
    assert_eq!(renewed["user"]["email"], PEOPLE.owner.email);
    assert_eq!(grant("refresh_token", refresh).await.unwrap().status(), 400, "good once");
    let nobody =
        grant("password", json!({ "email": "nobody@acme.example", "password": "any" })).await.unwrap();
    assert_eq!(nobody.status(), 400);
    assert_eq!(nobody.json::<Value>().await.unwrap()["error_code"], "invalid_credentials");
}
