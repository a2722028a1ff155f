//! One port in front of everything: an HTTP API, the webhook's function URL, Supabase Auth, the console.

mod admit;
mod event;
mod invoke;
mod room;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use serde_json::{Value, json};
use shared::config::{Front, Function};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower_http::cors::CorsLayer;

use super::console::{self, Console};
use super::functions::processes;
use super::realtime::{self, Realtime};
use super::supabase_auth::{self, SupabaseAuth};
use crate::problem::Problem;
use event::Incoming;
use invoke::Failed;
pub use invoke::Invoker;
use room::Room;

/// What the gateway stands in front of.
pub struct Gateway {
    /// Where functions are invoked.
    pub runtime_port: u16,
    /// Who signs people in.
    pub auth: Arc<SupabaseAuth>,
    /// Who says what changes. None: nobody.
    pub realtime: Option<Realtime>,
    /// The console page and what it loads.
    pub console: Console,
    /// Origins that browsers may call the API from.
    pub origins: Vec<String>,
}

#[derive(Clone)]
struct Route {
    function: &'static str,
    /// As API Gateway writes it: method and path.
    key: String,
    /// For people who have signed in.
    signed_in: bool,
    invoker: Invoker,
    auth: Arc<SupabaseAuth>,
    room: Room,
}

/// Serves the public routes and the console on a listener until the task is ended.
///
/// # Errors
/// If the HTTP client cannot be made, or an origin is none.
pub fn serve(listener: TcpListener, gateway: Gateway) -> Result<JoinHandle<()>, Problem> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).no_proxy().build();
    let http =
        http.map_err(|error| Problem::new(format!("The gateway's HTTP client cannot be made: {error}.")))?;
    let invoker = Invoker { http, port: gateway.runtime_port };
    let (mut api, mut function_urls) = (Router::new(), Router::new());
    for function in Function::ALL {
        // One for all routes: the same processes answer them.
        let room = Room::of(processes(function));
        for (method, path) in function.routes() {
            let filter = if method == "GET" { MethodFilter::GET } else { MethodFilter::POST };
            let route = Route {
                function: function.name(),
                key: format!("{method} {path}"),
                signed_in: matches!(function.front(), Front::SignedIn(..) | Front::Either(..)),
                invoker: invoker.clone(),
                auth: gateway.auth.clone(),
                room: room.clone(),
            };
            let to = on(filter, forward).with_state(route);
            // Both write what stands for anything as `{name}`.
            match function.front() {
                Front::FunctionUrl(..) => function_urls = function_urls.route(path, to),
                _ => api = api.route(path, to),
            }
        }
    }
    let router = api
        .method_not_allowed_fallback(not_found)
        .layer(cors(&gateway.origins)?)
        .merge(function_urls)
        .merge(supabase_auth::routes(gateway.auth))
        .merge(gateway.realtime.map(realtime::routes).unwrap_or_default())
        .merge(console::routes(gateway.console))
        .method_not_allowed_fallback(not_found)
        .fallback(not_found);
    let port = listener.local_addr().map_err(|error| Problem::new(format!("No address: {error}.")))?.port();
    let router = stripe_emulator::own_host_only(router, port, &gateway.origins);
    Ok(tokio::spawn(async move {
        // An error here is one of the listener, which lives as long as we do.
        let _ = axum::serve(listener, router).await;
    }))
}

/// What `CorsConfiguration` in template.yaml says.
fn cors(origins: &[String]) -> Result<CorsLayer, Problem> {
    let origins: Result<Vec<_>, _> = origins.iter().map(|origin| HeaderValue::from_str(origin)).collect();
    let origins = origins.map_err(|_| Problem::new("An allowed origin is no text for a header."))?;
    Ok(CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::OPTIONS])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            HeaderName::from_static("x-user-id"),
        ])
        .expose_headers([header::ETAG, header::RETRY_AFTER])
        .max_age(Duration::from_secs(3600)))
}

/// An answer of API Gateway itself.
fn own(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({ "message": message }))).into_response()
}

/// API Gateway's own answer to a route that it does not have.
async fn not_found() -> Response {
    own(StatusCode::NOT_FOUND, "Not Found")
}

async fn forward(
    State(route): State<Route>,
    named: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let Ok(named) = named else { return own(StatusCode::BAD_REQUEST, "Bad Request") };
    // The router's GET takes HEAD along; API Gateway's does not.
    if request.method() == Method::HEAD {
        return not_found().await;
    }
    let (mut head, body) = request.into_parts();
    let admitted = match admit::head(&mut head) {
        Ok(()) => admit::body(body).await,
        Err(refusal) => Err(refusal),
    };
    let body = match admitted {
        Ok(body) => body,
        Err((status, message)) => return own(status, message),
    };
    if route.signed_in {
        sign_in_by_header(&route.auth, &mut head.headers);
    }
    let Some(_place) = route.room.enter(Instant::now()).await else { return room::full() };
    let event = Incoming::new(&route.key, &named, &head).into_event(&body);
    match answer(&route, &event).await {
        Ok(response) => response,
        Err(Failed) => own(StatusCode::BAD_GATEWAY, "Internal Server Error"),
    }
}

async fn answer(route: &Route, event: &Value) -> Result<Response, Failed> {
    invoke::response(&route.invoker.call(route.function, event).await?)
}

/// A convenience of this machine, so that one can try the API without signing in: a request that brings no
/// token and one `x-user-id` gets a token for that id, and then goes the way of every other.
fn sign_in_by_header(auth: &SupabaseAuth, headers: &mut HeaderMap) {
    if headers.contains_key(header::AUTHORIZATION) {
        return;
    }
    let single = |name| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    };
    let Some(user) = single("x-user-id") else { return };
    let token = auth.token(user, single("x-user-email").unwrap_or_default(), Duration::from_secs(60));
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}")) {
        headers.insert(header::AUTHORIZATION, value);
    }
}
