//! What the metrics count: each alarm goes off for what it says.

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use serde_json::json;
use stripe_emulator::Fault;
use tests::auth::TestAuth;
use tests::{TestApp, users};

/// The counters without labels that were counted since the last time.
fn counted(metrics: &Snapshotter) -> Vec<(String, u64)> {
    let counter = |(key, _, _, value): (metrics_util::CompositeKey, _, _, DebugValue)| match value {
        DebugValue::Counter(count) if count > 0 && key.key().labels().len() == 0 => {
            Some((key.key().name().to_owned(), count))
        }
        _ => None,
    };
    let mut all: Vec<_> = metrics.snapshot().into_vec().into_iter().filter_map(counter).collect();
    all.sort();
    all
}

fn expected(names: &[&str]) -> Vec<(String, u64)> {
    names.iter().map(|name| ((*name).to_owned(), 1)).collect()
}

/// Nobody listens there.
const NOWHERE: &str = "postgres://nobody@127.0.0.1:1/none";

#[tokio::test]
async fn a_database_that_is_down_is_counted_by_every_function() {
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _recording = ::metrics::set_default_local_recorder(&recorder);
    let mut t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let event = t.last_event("customer.subscription.created");
    t.connect_through(|_| NOWHERE.to_owned());
    counted(&metrics);

    assert_eq!(t.entitlements(users::MEMBER, &t.org).await.status, 503);
    assert_eq!(counted(&metrics), expected(&["DatabaseErrors", "Requests", "ServerErrors"]));
    assert_eq!(t.checkout_plan("pro", "month").await.status, 503);
    assert_eq!(counted(&metrics), expected(&["DatabaseErrors", "Requests", "ServerErrors"]));
    assert_eq!(t.deliver(&event).await.status, 500);
    let webhook = ["DatabaseErrors", "Requests", "ServerErrors", "WebhookEvents", "WebhookFailures"];
    assert_eq!(counted(&metrics), expected(&webhook));
}

#[tokio::test]
async fn what_comes_of_a_request_is_counted_once() {
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _recording = ::metrics::set_default_local_recorder(&recorder);
    let t = TestApp::start_with(&[("ENTITLEMENTS_CACHE_SECONDS", "2")]).await;
    counted(&metrics);

    let etag = t.entitlements(users::MEMBER, &t.org).await.header("etag").unwrap().to_owned();
    assert_eq!(counted(&metrics), expected(&["Requests"]));
    assert_eq!(t.entitlements_if_changed(users::MEMBER, &t.org, Some(&etag)).await.status, 304);
    assert_eq!(counted(&metrics), expected(&["CacheHits", "NotModified", "Requests"]));
    assert_eq!(t.webhook("test", "{}".into()).await.status, 400);
    assert_eq!(counted(&metrics), expected(&["InvalidSignatures", "Requests"]));
    t.stripe.fail(Fault { status: 402, ..Fault::default() });
    let order = json!({ "orgId": t.org, "planCode": "pro", "interval": "month" });
    assert_eq!(t.checkout(users::OWNER, &order).await.status, 502);
    assert_eq!(counted(&metrics), expected(&["Requests", "ServerErrors", "StripeErrors"]));
}

#[tokio::test]
async fn a_token_that_is_refused_is_counted_and_a_request_without_one_is_not() {
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _recording = ::metrics::set_default_local_recorder(&recorder);
    let t = TestAuth::start().await;
    counted(&metrics);

    let good = format!("Bearer {}", t.token(&t.claims()));
    for (authorization, names) in [
        (Some("Bearer x"), &["RefusedTokens", "Requests"][..]),
        (Some("x"), &["RefusedTokens", "Requests"]),
        (None, &["Requests"]),
        (Some(&good), &["Requests"]),
    ] {
        t.ask("entitlements", authorization).await;
        assert_eq!(counted(&metrics), expected(names), "{authorization:?}");
    }
}

#[tokio::test]
async fn a_reconciliation_tells_how_wrong_the_clock_is() {
    for ahead in [-90_000, 90_000] {
        let recorder = DebuggingRecorder::new();
        let metrics = recorder.snapshotter();
        let _recording = ::metrics::set_default_local_recorder(&recorder);
        let (t, clock) = TestApp::hours_ago(1).await;
        t.stripe.follow(clock, -ahead);
        t.reconcile().await;
        let skews: Vec<_> = metrics
            .snapshot()
            .into_vec()
            .into_iter()
            .filter(|(key, ..)| key.key().name() == "ClockSkewSeconds")
            .map(|(.., value)| value)
            .collect();
        assert_eq!(skews, [DebugValue::Histogram(vec![90.0.into()])], "{ahead}");
    }
}
