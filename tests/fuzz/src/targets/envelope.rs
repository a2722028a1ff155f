//! What API Gateway and a function's URL hand over, answered by the functions as far as the database, which
//! is not there.

use std::cell::OnceCell;
use std::sync::LazyLock;

use lambda_http::http::HeaderValue;
use lambda_http::{Body, Request, Response};
use serde_json::Value;
use shared::app::App;
use shared::http::envelope::Envelope;
use shared::serve::answer;
use stripe_emulator::sign;
use tokio::runtime::Runtime;

use super::{NOW, app, runtime};

const SECRET: &str = "whsec_fuzzedandsecret";
/// In the place of a signature: the good one.
const SIGNED: &str = "signed";

static APP: LazyLock<App> = LazyLock::new(|| {
    app(&[
        ("IDENTITY_SOURCE", "trusted_headers"),
        ("BASE_URL", "https://app.example.com"),
        ("STRIPE_WEBHOOK_SECRET", SECRET),
    ])
});

thread_local! {
    static RUNTIME: OnceCell<Runtime> = const { OnceCell::new() };
}

/// Every function has an answer to every request, and a failure says nothing but what is documented.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(envelope) = serde_json::from_str::<Envelope>(text) else { return };
    let mut request = Request::from(envelope);
    if request.headers().get("stripe-signature").is_some_and(|value| value == SIGNED) {
        let good = sign(request.body(), SECRET, NOW);
        request.headers_mut().insert("stripe-signature", HeaderValue::from_str(&good).expect("a value"));
    }
    let path = request.uri().path().to_owned();
    let answered = RUNTIME.with(|cell| {
        cell.get_or_init(runtime).block_on(async {
            match path.rsplit('/').next() {
                Some("checkout") => answer(&APP, checkout::handle, request).await,
                Some("portal") => answer(&APP, portal::handle, request).await,
                Some("sync") => answer(&APP, sync::handle, request).await,
                Some("entitlements") => answer(&APP, entitlements::handle, request).await,
                _ => answer(&APP, webhook::handle, request).await,
            }
        })
    });
    check(&answered);
}

fn check(answered: &Response<Body>) {
    let Body::Text(text) = answered.body() else { panic!("{answered:?}") };
    assert!(!text.contains(SECRET), "{text}");
    let body: Value = serde_json::from_str(text).expect("an answer is JSON");
    match answered.status().as_u16() {
        200 => assert_eq!((&body["received"], &body["outcome"]), (&Value::Bool(true), &"ignored".into())),
        400 | 401 | 403 | 404 | 409 | 413 | 500 | 503 => {
            assert!(body["code"].is_string() && body["error"].is_string(), "{body}");
            assert_eq!(body["success"], false, "{body}");
        }
        status => panic!("{status}: {body}"),
    }
}
