//! One port in front of everything, as API Gateway and the webhook's function URL are in front of the deployed functions.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::console::{self, Console};
use super::functions::FUNCTIONS;
use crate::problem::Problem;

/// The largest payload that Lambda takes, in bytes.
const LARGEST: usize = 6 * 1024 * 1024;

#[derive(Clone)]
struct Route {
    function: &'static str,
    runtime_port: u16,
    http: reqwest::Client,
}

/// Serves the public routes and the console on a listener until the task is ended.
///
/// # Errors
/// If the HTTP client cannot be made.
pub fn serve(listener: TcpListener, runtime_port: u16, console: Console) -> Result<JoinHandle<()>, Problem> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).no_proxy().build();
    let http =
        http.map_err(|error| Problem::new(format!("The gateway's HTTP client cannot be made: {error}.")))?;
    let mut router = Router::new();
    for (function, method, path, _) in FUNCTIONS {
        let filter = if *method == "GET" { MethodFilter::GET } else { MethodFilter::POST };
        router = router.route(
            path,
            on(filter, forward).with_state(Route { function, runtime_port, http: http.clone() }),
        );
    }
    let router =
        router.merge(console::routes(console)).method_not_allowed_fallback(not_found).fallback(not_found);
    Ok(tokio::spawn(async move {
        // An error here is one of the listener, which lives as long as we do.
        let _ = axum::serve(listener, router).await;
    }))
}

/// API Gateway's own answer to a route that it does not have.
async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/json")], r#"{"message":"Not Found"}"#)
        .into_response()
}

async fn forward(State(route): State<Route>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return (
            StatusCode::PAYLOAD_TOO_LARGE,
            [(header::CONTENT_TYPE, "application/json")],
            r#"{"message":"Request Too Long"}"#,
        )
            .into_response();
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("http://127.0.0.1:{}/lambda-url/{}{path}", route.runtime_port, route.function);
    let mut headers = head.headers;
    headers.remove(header::HOST);
    if std::str::from_utf8(&body).is_err() {
        // Else the Runtime API would take it for text and fail; as AWS does, it encodes what is not.
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    }
    match route.http.request(head.method, url).headers(headers).body(body).send().await {
        Ok(answer) => {
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.extend(answer.headers().clone());
                headers.remove(header::TRANSFER_ENCODING);
            }
            let body = answer.bytes().await.unwrap_or_default();
            response.body(Body::from(body)).unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
        }
        Err(_) => (
            StatusCode::BAD_GATEWAY,
            [(header::CONTENT_TYPE, "application/json")],
            r#"{"message":"Internal Server Error"}"#,
        )
            .into_response(),
    }
}
