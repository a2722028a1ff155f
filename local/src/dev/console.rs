//! The console page: the demo frontend, the built client that it imports if there is one, and the two answers
//! that only it needs.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::built_client;
use super::people::{ORG, PEOPLE};

/// What the console looks at.
#[derive(Clone)]
pub struct Console {
    /// The database, as superuser.
    pub database: Arc<Client>,
    /// The emulator's panel. None: Stripe itself is used.
    pub panel_url: Option<String>,
    /// Where the TypeScript client is built to.
    pub client: PathBuf,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css";
/// Of a module.
pub const SCRIPT: &str = "text/javascript";

macro_rules! files {
    ($($name:literal: $kind:ident),+ $(,)?) => {
        [$((concat!("/", $name), $kind, include_str!(concat!("../../pages/", $name)))),+]
    };
}

/// Path, content type and text.
const FILES: [(&str, &str, &str); 11] = files! {
    "console.css": CSS,
    "billing.js": SCRIPT,
    "comeback.js": SCRIPT,
    "console.js": SCRIPT,
    "dom.js": SCRIPT,
    "events.js": SCRIPT,
    "frame.js": SCRIPT,
    "notice.js": SCRIPT,
    "plan-card.js": SCRIPT,
    "plans.js": SCRIPT,
    "stand-in.js": SCRIPT,
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page, its files and its data.
pub fn routes(console: Console) -> Router {
    let page = ["/", "/billing/success", "/billing/canceled"]
        .map(|path| (path, HTML, include_str!("../../pages/console.html")));
    let mut router = Router::new();
    // It looks like the emulated pages that it leads to.
    let base = ("/base.css", CSS, stripe_emulator::BASE_CSS);
    for (path, kind, text) in page.into_iter().chain([base]).chain(FILES) {
        router = router.route(path, get(move || file(kind, text)));
    }
    router
        .route("/console/context", get(context))
        .route("/console/events", get(events))
        .merge(built_client::routes(console.client.clone()))
        .with_state(console)
}

/// A file of the page's, under its policy.
pub async fn file(kind: &'static str, text: impl Into<Body>) -> Response {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        text.into(),
    )
        .into_response()
}

async fn context(State(console): State<Console>) -> Json<Value> {
    let mode = if console.panel_url.is_some() { "emulator" } else { "test" };
    Json(json!({
        "org": { "id": ORG.0, "name": ORG.1 },
        "users": PEOPLE,
        "stripe": { "mode": mode, "panelUrl": console.panel_url },
    }))
}

async fn events(State(console): State<Console>) -> Response {
    let events = one(
        &console,
        "select coalesce(jsonb_agg(jsonb_build_object(
           'eventId', event_id, 'type', type, 'status', status, 'outcome', outcome, 'errorCode', error_code,
           'attempts', attempts, 'milliseconds', milliseconds, 'receivedAt',
           to_char(last_attempt_at at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'))), '[]')
         from (select * from billing.webhook_events
           order by last_attempt_at desc, stripe_created_at desc limit 50) newest",
    );
    match events.await {
        Ok(events) => Json(json!({ "events": events })).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn one(console: &Console, sql: &str) -> Result<Value, tokio_postgres::Error> {
    console
        .database
        .query_typed(sql, &[])
        .await
        .map(|rows| rows.first().map(|row| row.get(0)).unwrap_or_default())
}
