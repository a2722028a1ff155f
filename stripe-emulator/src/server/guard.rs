//! Who is answered: who calls this machine by its own name. So no page elsewhere reaches the local servers
//! by a name of its own that leads here (DNS rebinding), and none sends them a form or a request that
//! changes something.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::json;

/// Puts a check in front of all routes: the `Host` is this machine's with this port, and where something may
/// change, the page that asks is one of this server's or of these origins. What is no page names no origin.
pub fn own_host_only(router: Router, port: u16, origins: &[String]) -> Router {
    let hosts: Vec<String> = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}")).into();
    let own = hosts.iter().map(|host| format!("http://{host}"));
    let known = Known { origins: own.chain(origins.iter().cloned()).collect(), hosts };
    router.layer(middleware::from_fn_with_state(Arc::new(known), check))
}

struct Known {
    hosts: Vec<String>,
    origins: Vec<String>,
}

async fn check(State(known): State<Arc<Known>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    match only(headers, &header::HOST) {
        Ok(Some(host)) if url::Url::parse(&format!("http://{host}/")).is_err() || host.contains(UNCLEAN) => {
            return refused(StatusCode::BAD_REQUEST, "Bad Request");
        }
        Ok(Some(host)) if known.hosts.iter().any(|name| host.eq_ignore_ascii_case(name)) => {}
        Ok(Some(_)) => return refused(StatusCode::MISDIRECTED_REQUEST, "This is another host"),
        _ => return refused(StatusCode::BAD_REQUEST, "Bad Request"),
    }
    let changes = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let page = only(headers, &header::ORIGIN);
    let is_ours = match page {
        Ok(Some(origin)) => known.origins.iter().any(|known| known == origin),
        Ok(None) => true,
        Err(()) => false,
    };
    if changes && !is_ours {
        return refused(StatusCode::FORBIDDEN, "Another origin's page may change nothing here");
    }
    next.run(request).await
}

/// What makes an authority more than a host and a port.
const UNCLEAN: [char; 5] = ['/', '?', '#', '@', ' '];

/// The one value of a header. Err: it stands twice, or is no text.
fn only<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
        _ => Err(()),
    }
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({ "message": message }))).into_response()
}
