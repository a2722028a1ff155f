//! The gateway of the local stack: whose pages may change something, and who is signed in.

use local::dev::people::PEOPLE;
use serde_json::{Value, json};

use crate::gateway::Stack;

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
