//! Nothing of a person, and no secret, reaches a log line, a metric, an answer to a failure or a row:
//! everything that could be is marked, every path is driven, and the mark is looked for.

use lambda_http::Body;
use lambda_http::http::Request as HttpRequest;
use metrics_util::debugging::DebuggingRecorder;
use serde_json::{Value, json};
use shared::app::App;
use shared::clock::Clock;
use shared::config::Config;
use stripe_emulator::Fault;
use tests::{Log, TestApp, users};
use tracing::Level;

/// In a case of its own, so that no word has it by chance.
const MARK: &str = "mArKeD";

fn marked(text: &str) -> String {
    format!("{MARK}-{text}")
}

/// Puts a person into an object wherever Stripe has one.
fn with_a_person(event: &Value) -> Value {
    let mut event = event.clone();
    let address = json!({ "line1": marked("street"), "city": marked("city"), "postal_code": marked("zip"),
        "country": "DE" });
    let object = &mut event["data"]["object"];
    for field in ["customer_email", "customer_name", "customer_phone", "receipt_email", "description"] {
        object[field] = json!(marked(field));
    }
    object["customer_address"] = address.clone();
    object["customer_details"] = json!({ "email": marked("mail@example.com"), "name": marked("name"),
        "phone": marked("phone"), "address": address });
    object["shipping_details"] = json!({ "name": marked("name"), "address": address });
    object["custom_fields"] = json!([{ "key": "vat", "text": { "value": marked("vat") } }]);
    event
}

/// Every row of every table, as text.
async fn rows(t: &TestApp) -> String {
    let tables = t
        .value(
            "select string_agg(relname, ' ') from pg_class
             where relnamespace = 'billing'::regnamespace and relkind = 'r'",
        )
        .await;
    let mut all = String::new();
    for table in tables.split(' ') {
        all += &t.value(&format!("select string_agg(r::text, ' ') from {table} r")).await;
    }
    all
}

#[tokio::test]
async fn nothing_that_was_marked_is_written_anywhere() {
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);
    // More than the debug mode shows.
    let (log, _listening) = Log::listen(Level::TRACE);
    let secret = format!("whsec_{}", marked("signing"));
    let t = TestApp::start_with(&[("STRIPE_WEBHOOK_SECRET", &format!("whsec_test,{secret}"))]).await;
    let mut failures = Vec::new();

    // The caller's address, taken and refused by Stripe; a body, a query, a return URL.
    let checkout = |body: String| {
        let request = HttpRequest::builder()
            .method("POST")
            .uri("/api/billing/checkout")
            .header("x-user-id", users::OWNER);
        let request = request
            .header("x-user-email", marked("mail@example.com"))
            .header("authorization", format!("Bearer {}", marked("token")));
        request
            .header("cookie", marked("cookie"))
            .header("user-agent", marked("agent"))
            .body(Body::from(body))
            .unwrap()
    };
    let order = json!({ "orgId": t.org, "planCode": "pro", "interval": "month" }).to_string();
    t.stripe.fail(Fault {
        method: Some("POST".into()),
        path_prefix: "/v1/customers/".into(),
        status: 400,
        ..Fault::default()
    });
    let session = t.call_checkout(checkout(order.clone())).await;
    assert_eq!(session.status, 200, "{}", session.body);
    for body in [
        order.replace("pro", &marked("plan")),
        order.replace("month", &marked("interval")),
        order.replace(&t.org, &marked("org")),
        format!("{}{order}", marked("json")),
        order.replace("\"pro\"", &format!("[\"{}\"]", marked("list"))),
    ] {
        failures.push(t.call_checkout(checkout(body)).await.body);
    }
    t.stripe.fail(Fault { path_prefix: "/v1/".into(), status: 402, times: 3, ..Fault::default() });
    failures.push(t.call_checkout(checkout(order.replace("pro", "enterprise"))).await.body);
    let elsewhere = format!("https://{}.example/?token={}", marked("evil"), marked("token"));
    failures.push(t.portal(users::OWNER, &json!({ "orgId": t.org, "returnUrl": elsewhere })).await.body);
    let query = HttpRequest::builder()
        .uri(format!("/api/entitlements?orgId={}&mail={}", marked("org"), marked("mail")))
        .header("x-user-id", users::OWNER);
    failures.push(t.call_entitlements(query.body(Body::Empty).unwrap()).await.body);
    failures.push(t.entitlements(&marked("user"), &t.org).await.body);

    // Events about people: applied, covered, doubled, of nobody, unreadable, badly signed, failing.
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    for event in t.stripe.events() {
        let event = with_a_person(&event);
        assert_eq!(t.deliver(&event).await.status, 200, "{event}");
        assert_eq!(t.deliver(&event).await.status, 200);
    }
    let mut foreign = with_a_person(&t.last_event("customer.subscription.created"));
    foreign["id"] = json!("evt_foreign");
    foreign["data"]["object"]["id"] = json!("sub_foreign");
    foreign["data"]["object"]["customer"] = json!("cus_foreign");
    foreign["data"]["object"]["metadata"] = json!({ "note": marked("note") });
    failures.push(t.deliver(&foreign).await.body);
    let mut unreadable = with_a_person(&t.last_event("invoice.paid"));
    unreadable["id"] = json!("evt_unreadable");
    unreadable["data"]["object"]["lines"] = json!(marked("lines"));
    unreadable["data"]["object"]["parent"] = json!(marked("parent"));
    t.deliver(&unreadable).await;
    failures.push(
        t.deliver(&json!({ "id": "evt_odd", "type": "invoice.paid", "created": 1, "data": marked("data") }))
            .await
            .body,
    );
    failures.push(t.deliver(&json!({ "name": marked("name") })).await.body);
    failures
        .push(t.webhook(&format!("t=1,v1={}", marked("signature")), Body::from(marked("body"))).await.body);
    let mut failing = with_a_person(&t.last_event("invoice.paid"));
    failing["id"] = json!("evt_failing");
    failing["created"] = json!(t.now() + 5);
    t.stripe.fail(Fault { path_prefix: "/v1/subscriptions".into(), status: 400, ..Fault::default() });
    failures.push(t.deliver(&failing).await.body);

    // What the operator's side logs of all that; and secrets where nothing answers.
    t.reconcile().await;
    let nowhere = Config::from_lookup(|name| match name {
        "DATABASE_URL" => Some(format!("postgres://billing_reader:{}@127.0.0.1:1/none", marked("password"))),
        "STRIPE_SECRET_KEY" => Some(format!("sk_test_{}", marked("key"))),
        "STRIPE_API_BASE" => Some(t.stripe.url()),
        "STRIPE_WEBHOOK_SECRET" => Some(format!("{secret},{}", marked("no signing secret"))),
        "IDENTITY_SOURCE" => Some("trusted_headers".to_owned()),
        _ => None,
    });
    let nowhere = App::new(nowhere, Clock::System);
    let response = shared::serve::answer(&nowhere, health::handle, checkout(order.clone())).await;
    failures.push(json!(format!("{:?}", response.body())));
    let response = shared::serve::answer(&nowhere, checkout::handle, checkout(order)).await;
    failures.push(json!(format!("{:?}", response.body())));
    let refused = nowhere.stripe().unwrap().server_time().await.unwrap_err();
    failures.push(json!(refused.to_string()));

    let written = log.text();
    assert!(written.lines().count() > 50 && log.lines("event").len() > 10, "the log was listened to");
    let line = written.lines().find(|line| line.contains(MARK));
    assert_eq!(line, None, "a log line");
    for failure in &failures {
        assert!(!failure.to_string().contains(MARK), "an answer: {failure}");
    }
    let metrics = format!("{:?}", metrics.snapshot().into_vec());
    assert!(metrics.contains("WebhookEventsByType") && metrics.contains("RequestMilliseconds"), "{metrics}");
    assert!(!metrics.contains(MARK), "a metric: {metrics}");
    let stored = rows(&t).await;
    assert!(stored.contains("evt_foreign") && stored.contains(&t.org), "the rows were read");
    assert!(!stored.contains(MARK), "a row: {stored}");
}

#[tokio::test]
async fn an_event_is_one_line_with_its_ids_its_outcome_and_where_the_time_went() {
    let t = TestApp::start().await;
    let session = t.checkout_plan("pro", "month").await;
    t.stripe.pay_checkout_session(session.text("/sessionId")).unwrap();
    let (log, _listening) = Log::listen(Level::INFO);
    // It names its subscription, so Stripe is asked.
    let event = t.last_event("invoice.paid");
    t.deliver(&event).await.assert_outcome("applied");
    let [line] = log.lines("event").try_into().unwrap();
    assert_eq!(
        (&line["event"], &line["kind"], &line["outcome"]),
        (&event["id"], &json!("invoice.paid"), &json!("applied"))
    );
    assert_eq!(
        (&line["org"], &line["read"], &line["target"]),
        (&json!(t.org), &json!(true), &json!("billing"))
    );
    let [request] = log.lines("answered").try_into().unwrap();
    assert_eq!(request["status"], 200);
    for line in [&line, &request] {
        let of = |part: &str| line[part].as_f64().unwrap_or_else(|| panic!("{part}: {line}"));
        assert!(of("verify_ms") > 0.0 && of("database_ms") > 0.0 && of("stripe_ms") > 0.0);
        assert!(of("verify_ms") + of("database_ms") + of("stripe_ms") <= of("milliseconds"), "{line}");
        assert!(line["request_id"].is_string());
    }
    assert!(line["age_seconds"].as_i64().is_some_and(|age| age >= 0));
}
