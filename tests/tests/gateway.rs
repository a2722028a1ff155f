//! The gateway of the local stack: it stands in front of the functions as API Gateway does.

use std::sync::{Arc, Mutex};

use local::dev::console::Console;
use local::dev::gateway::{self, Gateway};
use local::dev::people::{ORG, PEOPLE};
use local::dev::supabase_auth::SupabaseAuth;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tests::auth::{EcKey, jwt};
use tests::{TestApp, serve_functions};
use tokio::net::TcpListener;

/// The gateway in front of real handlers.
pub(crate) struct Stack {
    pub(crate) url: String,
    pub(crate) app: Arc<TestApp>,
    auth: Arc<SupabaseAuth>,
    pub(crate) http: reqwest::Client,
    /// What the functions were asked.
    pub(crate) events: Arc<Mutex<Vec<Value>>>,
    entitlements: String,
}

impl Stack {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Arc::new(TestApp::start_with(&[("IDENTITY_SOURCE", ""), ("SUPABASE_URL", &url)]).await);
        let people = format!(
            "insert into own_organizations (id, name) values ('{}', 'Demo');
             insert into own_members (org_id, user_id, role) values ('{}', '{}', 'owner')",
            ORG.0, ORG.0, PEOPLE.owner.user_id
        );
        app.db.batch_execute(&people).await.unwrap();
        let database = Arc::new(app.database.connect().await);
        let console = Console { database, panel_url: None, client: "not-built".into() };
        let (runtime_port, events) = serve_functions(Arc::clone(&app)).await;
        let auth = Arc::new(SupabaseAuth::open(&url, None).unwrap());
        let origins = vec![url.clone(), "http://localhost:3000".to_owned()];
        gateway::serve(
            listener,
            Gateway { runtime_port, auth: auth.clone(), realtime: None, console, origins },
        )
        .unwrap();
        let entitlements = format!("{url}/api/entitlements?orgId={}", ORG.0);
        Self {
            url,
            app,
            auth,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            events,
            entitlements,
        }
    }

    pub(crate) fn ask(&self) -> RequestBuilder {
        self.http.get(&self.entitlements)
    }

    pub(crate) fn token(&self) -> String {
        self.auth.token(PEOPLE.owner.user_id, PEOPLE.owner.email, std::time::Duration::from_secs(60))
    }

    fn last_event(&self) -> Value {
        self.events.lock().unwrap().last().cloned().unwrap()
    }
}

pub(crate) async fn status_and_code(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_read_is_one_invocation_and_a_forged_token_gets_no_further_than_a_good_one_would() {
    let s = Stack::start().await;
    assert_eq!(status_and_code(s.ask().bearer_auth(s.token())).await, (200, String::new()));
    assert_eq!(s.events.lock().unwrap().len(), 1);
    let unauthenticated = (401, "unauthenticated".to_owned());
    let claims = json!({
        "iss": format!("{}/auth/v1", s.url), "aud": "authenticated", "role": "authenticated",
        "sub": PEOPLE.owner.user_id,
        "exp": 4_000_000_000_i64
    });
    let stranger = EcKey::new("own");
    let forged = [
        jwt(&json!({ "alg": "none" }), &claims, |_| Vec::new()),
        stranger.sign(&stranger.header(), &claims),
        stranger.sign(&json!({ "alg": "ES256", "kid": "own", "jwk": stranger.jwk() }), &claims),
        format!("{}x", s.token()),
        format!("{},Bearer {}", s.token(), s.token()),
        s.auth.token("not-a-user", "", std::time::Duration::from_secs(60)),
        "x".repeat(9000),
    ];
    for token in forged {
        assert_eq!(status_and_code(s.ask().bearer_auth(&token)).await, unauthenticated, "{token:.60}");
        // A bad token is not made good by a header that would do without one.
        let with_header = s.ask().bearer_auth(&token).header("x-user-id", PEOPLE.owner.user_id);
        assert_eq!(status_and_code(with_header).await, unauthenticated, "{token:.60}");
    }
    assert_eq!(status_and_code(s.ask()).await, unauthenticated);
    let twice =
        s.ask().header("authorization", format!("Bearer {}", s.token())).header("authorization", "Bearer x");
    assert_eq!(status_and_code(twice).await, unauthenticated);
}

#[tokio::test]
async fn nothing_that_a_client_sends_becomes_the_request_context() {
    let s = Stack::start().await;
    let context = json!({ "authorizer": { "lambda": { "userId": PEOPLE.owner.user_id } },
        "userId": PEOPLE.owner.user_id });
    let request = s
        .http
        .get(format!("{}&requestContext={context}", s.entitlements))
        .header("requestcontext", context.to_string())
        .header("x-amzn-request-context", context.to_string())
        .header("cookie", format!("userId={}; a=b", PEOPLE.owner.user_id))
        .json(&json!({ "requestContext": context, "isAuthorized": true }));
    assert_eq!(status_and_code(request).await, (401, "unauthenticated".to_owned()));
    let event = s.last_event();
    assert!(event["requestContext"]["authorizer"].is_null());
    assert_eq!(event["cookies"], json!([format!("userId={}", PEOPLE.owner.user_id), "a=b"]));
    assert!(event["headers"]["cookie"].is_null());
}

#[tokio::test]
async fn events_are_those_of_an_http_api() {
    let s = Stack::start().await;
    let url = format!("{}/api/webhooks/stripe?a=1&a=2&b=%20", s.url);
    let post =
        |body: &'static [u8], kind: &'static str| s.http.post(&url).header("content-type", kind).body(body);
    let request = post(b"{\"a\":1}", "application/json").header("X-Two", "1").header("x-two", "2");
    assert_eq!(status_and_code(request).await, (400, "invalid_signature".to_owned()));
    let event = s.last_event();
    assert_eq!((&event["version"], &event["routeKey"]), (&json!("2.0"), &json!("POST /api/webhooks/stripe")));
    assert_eq!(
        (&event["rawPath"], &event["rawQueryString"]),
        (&json!("/api/webhooks/stripe"), &json!("a=1&a=2&b=%20"))
    );
    assert_eq!(event["queryStringParameters"], json!({ "a": "1,2", "b": " " }));
    assert_eq!(event["headers"]["x-two"], "1,2");
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{\"a\":1}"), &json!(false)));
    for (body, kind) in
        [(&b"\xff\xfe"[..], "application/json"), (b"a=b", "application/x-www-form-urlencoded")]
    {
        post(body, kind).send().await.unwrap();
        let event = s.last_event();
        assert_eq!(event["isBase64Encoded"], true, "{kind}");
    }
    let health = s.http.get(format!("{}/api/health", s.url)).send().await.unwrap();
    assert!(health.status().is_success() || health.status() == 503);
    assert_eq!(s.events.lock().unwrap().len(), 4, "one for each request");
}

#[tokio::test]
async fn a_function_that_does_not_answer_is_a_502_and_a_payload_beyond_lambdas_limit_a_413() {
    let s = Stack::start().await;
    // There is no portal behind this gateway.
    let portal = s.http.post(format!("{}/api/billing/portal", s.url)).bearer_auth(s.token()).send().await;
    assert_eq!(portal.unwrap().status(), 502);
    let huge = s.http.post(format!("{}/api/webhooks/stripe", s.url)).body(vec![b'x'; 6 * 1024 * 1024 + 1]);
    assert_eq!(huge.send().await.unwrap().status(), 413);
}

#[tokio::test]
async fn known_origins_may_call_the_api_from_a_browser() {
    let s = Stack::start().await;
    let preflight = |path: &str, origin: &str| {
        let request = s.http.request(Method::OPTIONS, format!("{}{path}", s.url)).header("origin", origin);
        request.header("access-control-request-method", "POST").send()
    };
    let known = preflight("/api/billing/checkout", "http://localhost:3000").await.unwrap();
    assert_eq!(header(&known, "access-control-allow-origin"), "http://localhost:3000");
    assert_eq!(header(&known, "access-control-allow-methods"), "GET,POST,OPTIONS");
    assert_eq!(
        header(&known, "access-control-allow-headers"),
        "authorization,content-type,if-none-match,x-user-id"
    );
    assert_eq!(header(&known, "access-control-max-age"), "3600");
    assert_eq!(header(&known, "access-control-allow-credentials"), "");
    let other = preflight("/api/billing/checkout", "http://localhost:3001").await.unwrap();
    assert_eq!(header(&other, "access-control-allow-origin"), "");
    let webhook = preflight("/api/webhooks/stripe", "http://localhost:3000").await.unwrap();
    assert_eq!(
        (webhook.status().as_u16(), header(&webhook, "access-control-allow-origin")),
        (404, String::new())
    );
    let answer =
        s.ask().bearer_auth(s.token()).header("origin", "http://localhost:3000").send().await.unwrap();
    assert_eq!(header(&answer, "access-control-allow-origin"), "http://localhost:3000");
    assert_eq!(header(&answer, "access-control-expose-headers"), "etag,retry-after");
}

#[tokio::test]
async fn the_console_page_is_given_every_style_sheet_it_names() {
    let s = Stack::start().await;
    let page = s.http.get(format!("{}/", s.url)).send().await.unwrap().text().await.unwrap();
    let links = page.split("<link rel=\"stylesheet\" href=\"").skip(1);
    let sheets: Vec<&str> = links.map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(sheets, ["/base.css", "/console.css"]);
    for sheet in sheets {
        let response = s.http.get(format!("{}{sheet}", s.url)).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), header(&response, "content-type").as_str()),
            (200, "text/css")
        );
        assert!(response.text().await.unwrap().contains("var(--"), "{sheet}");
    }
}

/// A route of API Gateway is a method and a path, letter by letter: it answers all else itself, and asks no
/// function.
#[tokio::test]
async fn what_is_no_route_is_not_found_and_reaches_no_function() {
    let s = Stack::start().await;
    let query = s.entitlements.split_once('?').unwrap().1;
    let ask = |method: Method, path: &str| {
        let request = s.http.request(method, format!("{}{path}", s.url)).bearer_auth(s.token());
        request.header("x-http-method-override", "GET").header("x-original-url", "/api/health").send()
    };
    for method in ["HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY", "get"] {
        let answer = ask(method.parse().unwrap(), &format!("/api/entitlements?{query}")).await.unwrap();
        assert_eq!(answer.status(), 404, "{method}");
    }
    for path in ["/api/health", "/api/webhooks/stripe"] {
        assert_eq!(ask(Method::HEAD, path).await.unwrap().status(), 404, "{path}");
    }
    for path in [
        "/api/entitlements/",
        "//api/entitlements",
        "/api//entitlements",
        "/API/entitlements",
        "/api/entitlements;a=b",
        "/api/entitlements%2f",
        "/api%2fentitlements",
        "/api/entitlements%00",
        "/api/entitlements.json",
        "/api/health%2e%2e/entitlements",
        "/api/entitlements%3ForgId=x",
    ] {
        let answer = ask(Method::GET, &format!("{path}?{query}")).await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "message": "Not Found" }), "{path}");
    }
    assert_eq!(s.events.lock().unwrap().len(), 0, "no function was asked");
}

/// API Gateway says itself how a request came in.
#[tokio::test]
async fn how_a_request_came_in_is_not_the_clients_to_say() {
    let s = Stack::start().await;
    let request = s.ask().bearer_auth(s.token()).header("x-forwarded-proto", "a b:/");
    assert_eq!(status_and_code(request.header("x-forwarded-port", "x")).await, (200, String::new()));
    let headers = &s.last_event()["headers"];
    assert_eq!(
        (&headers["x-forwarded-proto"], &headers["x-forwarded-for"]),
        (&json!("http"), &json!("127.0.0.1"))
    );
}
