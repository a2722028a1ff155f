//! What is in Secrets Manager: read when it is needed, read again when something was changed, and never in
//! the way.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use lambda_http::Body;
use lambda_http::http::Request;
use serde_json::json;
use shared::config::Function;
use shared::serve::answer_live;
use tests::Answer;
use tests::auth::JWT_SECRET;
use tests::rotation::Rotation;

#[tokio::test]
async fn a_webhook_secret_that_is_replaced_refuses_no_event_and_loses_none() {
    let r = Rotation::start().await;
    let live = r.live(Function::Webhook).await;
    let events = r.events(120, "rotated").await;
    assert_eq!(r.vault.reads(), 0, "nothing is read before the first request");
    r.deliver_well(&live, &events[..30], "whsec_1").await;
    assert_eq!(r.vault.reads(), 1);
    // As Stripe and `billing webhook-endpoint --store` roll it: the old one goes on for a while.
    r.vault.change(&[("STRIPE_WEBHOOK_SECRET", "whsec_2,whsec_1")]);
    let (old, new) = events[30..70].split_at(20);
    futures_util::join!(r.deliver_well(&live, old, "whsec_1"), r.deliver_well(&live, new, "whsec_2"));
    assert_eq!(r.vault.reads(), 2, "concurrent events share one reading");
    // At once, without an overlap.
    r.a_minute_later();
    r.vault.change(&[("STRIPE_WEBHOOK_SECRET", "whsec_3")]);
    r.deliver_well(&live, &events[70..], "whsec_3").await;
    assert_eq!(r.vault.reads(), 3);
    let late = r.deliver(&live, &events[0], "whsec_1").await;
    late.assert_failure(400, "invalid_signature");
}

#[tokio::test]
async fn bad_signatures_are_refused_and_cause_one_reading_a_minute() {
    let r = Rotation::start().await;
    let live = r.live(Function::Webhook).await;
    let events = r.events(40, "bad").await;
    r.deliver_well(&live, &events[..1], "whsec_1").await;
    for minute in 1..=3 {
        for _ in 0..2 {
            let bad = events[1..].iter().map(|event| r.deliver(&live, event, "whsec_guessed"));
            for answer in join_all(bad).await {
                answer.assert_failure(400, "invalid_signature");
            }
        }
        assert_eq!(r.vault.reads(), 1 + minute);
        r.a_minute_later();
    }
    // What no secret can make good is not worth a reading.
    let request = Request::builder().method("POST").uri("/").header("stripe-signature", "test");
    let answer = answer_live(&live, webhook::handle, request.body(Body::from("{}")).unwrap()).await;
    Answer::of("webhook", answer).assert_failure(400, "invalid_signature");
    assert_eq!(
        (r.vault.reads(), r.t.value("select count(*) from webhook_events").await),
        (4, "1".to_owned())
    );
}

#[tokio::test]
async fn a_stripe_key_that_is_replaced_is_read_again_by_the_scheduled_work_too() {
    let r = Rotation::start().await;
    let good = r.t.stripe.secret_key().to_owned();
    r.vault.change(&[("STRIPE_SECRET_KEY", "sk_test_revoked")]);
    let live = r.live(Function::Reconcile).await;
    let app = live.app().await.unwrap();
    let limit = std::time::SystemTime::from(app.clock.now()) + std::time::Duration::from_secs(600);
    assert!(reconcile::until(&live, limit).await.is_err());
    r.a_minute_later();
    r.vault.change(&[("STRIPE_SECRET_KEY", &good)]);
    assert!(reconcile::until(&live, limit).await.unwrap().problems.is_empty());
    assert_eq!(r.vault.reads(), 3);
}

#[tokio::test]
async fn while_secrets_manager_is_down_what_is_known_goes_on_and_what_is_unknown_stays_closed() {
    let r = Rotation::start().await;
    let live = r.live(Function::Webhook).await;
    let events = r.events(4, "down").await;
    r.vault.set_down(true);
    for answer in join_all(events.iter().map(|event| r.deliver(&live, event, "whsec_1"))).await {
        answer.assert_failure(500, "internal");
    }
    assert_eq!(r.vault.reads(), 1, "a failed reading is not repeated at once");
    r.vault.set_down(false);
    r.clock.fetch_add(5_000, Ordering::SeqCst);
    r.deliver_well(&live, &events[..2], "whsec_1").await;
    r.vault.set_down(true);
    for _ in 0..3 {
        r.deliver(&live, &events[2], "whsec_guessed").await.assert_failure(400, "invalid_signature");
    }
    r.deliver_well(&live, &events[2..], "whsec_1").await;
    assert_eq!(r.vault.reads(), 3, "a failed reading counts like any other");
}

#[tokio::test]
async fn a_malformed_secret_opens_nothing_and_replaces_nothing_that_works() {
    let r = Rotation::start().await;
    let events = r.events(3, "malformed").await;
    let good = r.vault.secret();
    r.vault.put_text("whsec_1");
    let live = r.live(Function::Webhook).await;
    r.deliver(&live, &events[0], "whsec_1").await.assert_failure(500, "internal");
    r.clock.fetch_add(5_000, Ordering::SeqCst);
    r.vault.put(&good);
    r.vault.change(&[("STRIPE_SECRET_KEY", "pk_test_1")]);
    r.deliver(&live, &events[0], "whsec_1").await.assert_failure(500, "processing_failed");
    r.a_minute_later();
    r.vault.put(&good);
    r.deliver_well(&live, &events[..1], "whsec_1").await;
    for malformed in
        ["[]", "no JSON", r#"{"DATABASE_URL": "no address", "STRIPE_WEBHOOK_SECRET": "whsec_guessed"}"#]
    {
        r.a_minute_later();
        r.vault.put_text(malformed);
        r.deliver(&live, &events[1], "whsec_guessed").await.assert_failure(400, "invalid_signature");
        r.deliver_well(&live, &events[1..2], "whsec_1").await;
    }
}

#[tokio::test]
async fn health_tells_that_the_secret_cannot_be_read() {
    let r = Rotation::start().await;
    r.vault.set_down(true);
    let health = r.live(Function::Health).await;
    let request = Request::builder().uri("/api/health").body(Body::Empty).unwrap();
    let answer = Answer::of("health", answer_live(&health, health::handle, request).await);
    assert_eq!(
        (answer.status, answer.text("/configuration"), answer.text("/database")),
        (503, "failing", "failing")
    );
}

#[tokio::test]
async fn a_secret_that_is_filled_later_is_found() {
    let r = Rotation::start().await;
    let filled = r.vault.secret();
    r.vault.put(&json!({}));
    let identity = [("IDENTITY_SOURCE", "trusted_headers")];
    let entitlements = r.live_with(Function::Entitlements, &identity).await;
    let health = r.live(Function::Health).await;
    let ask = async || {
        let request = Request::builder().uri("/api/health").body(Body::Empty).unwrap();
        Answer::of("health", answer_live(&health, health::handle, request).await).status
    };
    r.entitlements(&entitlements).await.assert_failure(500, "internal");
    assert_eq!(ask().await, 503);
    r.a_minute_later();
    r.vault.put(&filled);
    assert_eq!((r.entitlements(&entitlements).await.status, ask().await), (200, 200));
}

#[tokio::test]
async fn the_environment_goes_before_the_secret_and_a_complete_one_never_asks() {
    let r = Rotation::start().await;
    let events = r.events(2, "complete").await;
    let reader = r.t.database.url("billing_reader");
    // A login that the database refuses, a signature that does not fit: what would else be reasons to ask.
    let refused = reader.replace("billing_reader", "nobody");
    let project = [("SUPABASE_URL", "https://ref.supabase.co"), ("SUPABASE_JWT_SECRET", JWT_SECRET)];
    let checks_tokens = [&[("DATABASE_URL", refused.as_str())][..], &project].concat();
    let live = r.live_with(Function::Entitlements, &checks_tokens).await;
    r.entitlements(&live).await.assert_failure(401, "unauthenticated");
    let headers = [("DATABASE_URL", refused.as_str()), ("IDENTITY_SOURCE", "trusted_headers")];
    let other = r.live_with(Function::Entitlements, &headers).await;
    r.entitlements(&other).await.assert_failure(503, "database_unavailable");
    let (url, base) = (r.t.database.url("billing_events"), r.t.stripe.url());
    let complete = [
        ("DATABASE_URL", url.as_str()),
        ("STRIPE_SECRET_KEY", r.t.stripe.secret_key()),
        ("STRIPE_API_BASE", base.as_str()),
        ("STRIPE_WEBHOOK_SECRET", "whsec_environment"),
    ];
    let webhook = r.live_with(Function::Webhook, &complete).await;
    r.deliver_well(&webhook, &events[..1], "whsec_environment").await;
    r.deliver(&webhook, &events[1], "whsec_1").await.assert_failure(400, "invalid_signature");
    for live in [&live, &other, &webhook] {
        assert!(!live.has_opened_secret());
    }
    assert_eq!(r.vault.reads(), 0);
    // One variable less, and the rest of the environment still goes first.
    let webhook = r.live_with(Function::Webhook, &complete[1..]).await;
    r.deliver_well(&webhook, &events[1..], "whsec_environment").await;
    assert!(webhook.has_opened_secret() && r.vault.reads() == 1);
}
