//! The handlers with their database, their Stripe and a few people.

use std::collections::HashMap;

use cli::commands::products;
use lambda_http::http::{Method, Request as HttpRequest};
use lambda_http::{Body, Request};
use serde_json::{Value, json};
use shared::app::App;
use shared::billing::limits::Limits;
use shared::billing::reconcile::{ReconcileReport, Sweep, reconcile};
use shared::clock::Clock;
use shared::config::{Config, Secret};
use shared::serve::answer;
use stripe_emulator::{Emulator, Options, sign};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{Answer, TestDatabase, log};

/// The people of the first organization, and one who is in none.
pub mod users {
    /// The owner of the first organization, who may change billing.
    pub const OWNER: &str = "0a000000-0000-4000-8000-000000000001";
    /// An admin of the first organization, who may change billing.
    pub const ADMIN: &str = "0a000000-0000-4000-8000-000000000002";
    /// A member of the first organization, who may only read.
    pub const MEMBER: &str = "0a000000-0000-4000-8000-000000000003";
    /// Owner of the second organization, a stranger to the first.
    pub const OUTSIDER: &str = "0a000000-0000-4000-8000-000000000004";
}

/// The signing secret of the tests' webhook endpoint.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_test";

/// Everything a test needs.
#[derive(Debug)]
pub struct TestApp {
    /// What the handlers get that apply events: their login is `billing_events`.
    pub app: App,
    /// What entitlements and health get: their login is `billing_reader`.
    reader: App,
    /// What checkout and portal get: their login is `billing_checkout`.
    checkout: App,
    /// What reconcile and the `billing` command get: their login is `billing_operator`.
    pub operator: App,
    /// The tests' own look at the database, as superuser.
    pub db: Client,
    /// The test's own database, and the addresses of its logins.
    pub database: TestDatabase,
    /// The emulator that stands in for Stripe.
    pub stripe: Emulator,
    /// The organization that owner, admin and member belong to.
    pub org: String,
    /// The organization that the outsider owns.
    pub other_org: String,
}

impl TestApp {
    /// With the usual configuration.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With some variables set otherwise; an empty value unsets one.
    pub async fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::on(TestDatabase::create().await, variables).await
    }

    /// The same on this database.
    pub async fn on(database: TestDatabase, variables: &[(&str, &str)]) -> Self {
        log::ask_each_time();
        let db = database.connect().await;
        let stripe = Emulator::start(Options::default()).await.expect("the emulator starts");
        let mut environment = HashMap::from([
            ("STRIPE_SECRET_KEY".to_owned(), stripe.secret_key().to_owned()),
            ("STRIPE_API_BASE".to_owned(), stripe.url()),
            ("STRIPE_WEBHOOK_SECRET".to_owned(), WEBHOOK_SECRET.to_owned()),
            ("DATABASE_POOL_SIZE".to_owned(), "8".to_owned()),
            ("BASE_URL".to_owned(), "https://app.example.com".to_owned()),
            ("ALLOWED_RETURN_ORIGINS".to_owned(), "https://admin.example.com".to_owned()),
            ("IDENTITY_SOURCE".to_owned(), "trusted_headers".to_owned()),
        ]);
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let app_as = |login: &str| {
            let url = environment.get("DATABASE_URL").cloned().unwrap_or_else(|| database.url(login));
            let lookup = |name: &str| {
                if name == "DATABASE_URL" { Some(url.clone()) } else { environment.get(name).cloned() }
            };
            App::new(Config::from_lookup(lookup), Clock::System)
        };
        let (app, reader) = (app_as("billing_events"), app_as("billing_reader"));
        let (checkout, operator) = (app_as("billing_checkout"), app_as("billing_operator"));
        if let Ok(stripe) = app.stripe() {
            products::set_up(&db, stripe, false).await.expect("products and prices");
        }
        let (org, other_org) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        let people =
            format!(
            "insert into own_organizations (id, name) values ('{org}', 'First'), ('{other_org}', 'Second');
             insert into own_members (org_id, user_id, role) values
               ('{org}', '{}', 'owner'), ('{org}', '{}', 'admin'), ('{org}', '{}', 'member'),
               ('{other_org}', '{}', 'owner')",
            users::OWNER, users::ADMIN, users::MEMBER, users::OUTSIDER
        );
        db.batch_execute(&people).await.expect("people");
        Self { app, reader, checkout, operator, db, database, stripe, org, other_org }
    }

    /// What entitlements and health get.
    pub(crate) fn reader(&self) -> &App {
        &self.reader
    }

    /// Sets the clock of everything but the database.
    pub fn set_clock(&mut self, clock: &Clock) {
        for app in [&mut self.app, &mut self.reader, &mut self.checkout, &mut self.operator] {
            app.clock = clock.clone();
        }
    }

    /// Makes every function reach the database by another address.
    pub fn connect_through(&mut self, url: impl Fn(&str) -> String) {
        for (app, login) in [
            (&mut self.app, "billing_events"),
            (&mut self.reader, "billing_reader"),
            (&mut self.checkout, "billing_checkout"),
            (&mut self.operator, "billing_operator"),
        ] {
            let database_url = Some(Secret::new(url(login)));
            *app = app.succeeded_by(Config { database_url, ..app.config.clone() });
        }
    }

    /// Makes entitlements and health read at another address, a replica's if there is one of its primary.
    pub fn read_from(&mut self, url: String, primary: Option<String>) {
        let (database_url, primary_url) = (Some(Secret::new(url)), primary.map(Secret::new));
        let config = Config { database_url, primary_url, ..self.reader.config.clone() };
        self.reader = self.reader.succeeded_by(config);
    }

    /// GET /api/entitlements.
    pub async fn entitlements(&self, user: &str, org: &str) -> Answer {
        self.entitlements_if_changed(user, org, None).await
    }

    /// GET /api/entitlements with `If-None-Match`.
    pub async fn entitlements_if_changed(&self, user: &str, org: &str, etag: Option<&str>) -> Answer {
        let mut request =
            HttpRequest::builder().uri(format!("/api/entitlements?orgId={org}")).header("x-user-id", user);
        if let Some(etag) = etag {
            request = request.header("if-none-match", etag);
        }
        self.call_entitlements(request.body(Body::Empty).expect("a request")).await
    }

    /// GET /api/entitlements, any request.
    pub async fn call_entitlements(&self, request: Request) -> Answer {
        Answer::of("entitlements", answer(&self.reader, entitlements::handle, request).await)
    }

    /// POST /api/billing/checkout.
    pub async fn checkout(&self, user: &str, body: &Value) -> Answer {
        self.call_checkout(post("/api/billing/checkout", user, body.to_string())).await
    }

    /// POST /api/billing/checkout, any request.
    pub async fn call_checkout(&self, request: Request) -> Answer {
        Answer::of("checkout", answer(&self.checkout, checkout::handle, request).await)
    }

    /// POST /api/billing/checkout for a plan of the first organization, by its owner.
    pub async fn checkout_plan(&self, plan: &str, interval: &str) -> Answer {
        self.checkout(users::OWNER, &json!({ "orgId": self.org, "planCode": plan, "interval": interval }))
            .await
    }

    /// GET /api/billing/plans, about an organization or none; `user` may be nobody.
    pub async fn plans(&self, user: &str, org: Option<&str>) -> Answer {
        let query = org.map(|org| format!("?orgId={org}")).unwrap_or_default();
        let mut request = HttpRequest::builder().uri(format!("/api/billing/plans{query}"));
        if !user.is_empty() {
            request = request.header("x-user-id", user);
        }
        self.call_plans(request.body(Body::Empty).expect("a request")).await
    }

    /// GET /api/billing/plans, any request.
    pub async fn call_plans(&self, request: Request) -> Answer {
        Answer::of("plans", answer(&self.reader, plans::handle, request).await)
    }

    /// POST /api/billing/portal.
    pub async fn portal(&self, user: &str, body: &Value) -> Answer {
        self.call_portal(post("/api/billing/portal", user, body.to_string())).await
    }

    /// POST /api/billing/portal, any request.
    pub async fn call_portal(&self, request: Request) -> Answer {
        Answer::of("portal", answer(&self.checkout, portal::handle, request).await)
    }

    /// POST /api/billing/sync.
    pub async fn sync(&self, user: &str, body: &Value) -> Answer {
        self.call_sync(post("/api/billing/sync", user, body.to_string())).await
    }

    /// POST /api/billing/sync, any request.
    pub async fn call_sync(&self, request: Request) -> Answer {
        Answer::of("sync", answer(&self.app, sync::handle, request).await)
    }

    /// The scheduled reconciliation, with all the time there is.
    pub async fn reconcile(&self) -> ReconcileReport {
        reconcile(&self.operator.resources(), Sweep::Once, &Limits::default()).await
    }

    /// GET /api/health.
    pub async fn health(&self) -> Answer {
        let request = HttpRequest::builder().uri("/api/health").body(Body::Empty).expect("a request");
        Answer::of("health", answer(&self.reader, health::handle, request).await)
    }

    /// POST /api/webhooks/stripe with an event, signed now.
    pub async fn deliver(&self, event: &Value) -> Answer {
        let body = event.to_string();
        let header = sign(body.as_bytes(), WEBHOOK_SECRET, self.app.clock.now().as_second());
        self.webhook(&header, Body::from(body)).await
    }

    /// POST /api/webhooks/stripe with any signature and body.
    pub async fn webhook(&self, signature: &str, body: Body) -> Answer {
        let request = HttpRequest::builder()
            .method(Method::POST)
            .uri("/api/webhooks/stripe")
            .header("stripe-signature", signature);
        self.call_webhook(request.body(body).expect("a request")).await
    }

    /// POST /api/webhooks/stripe, any request.
    pub async fn call_webhook(&self, request: Request) -> Answer {
        Answer::of("webhook", answer(&self.app, webhook::handle, request).await)
    }

    /// Delivers all of Stripe's events so far, oldest first; those that were processed answer `duplicate`.
    pub async fn deliver_all(&self) {
        for event in self.stripe.events() {
            let answer = self.deliver(&event).await;
            assert_eq!(answer.status, 200, "{event}: {}", answer.body);
        }
    }

    /// Buys a plan for the first organization, from checkout to the last webhook, and returns the
    /// subscription's id.
    pub async fn buy(&self, plan: &str, interval: &str) -> String {
        let session = self.checkout_plan(plan, interval).await;
        assert_eq!(session.status, 200, "{}", session.body);
        self.stripe.pay_checkout_session(session.text("/sessionId")).expect("pay");
        self.deliver_all().await;
        let newest = self.stripe.subscriptions().pop().expect("a subscription");
        newest["id"].as_str().expect("an id").to_owned()
    }

    /// One value from the database, as text; empty for null.
    pub async fn value(&self, sql: &str) -> String {
        let rows = self.db.query(&format!("select ({sql})::text"), &[]).await.expect(sql);
        rows[0].get::<_, Option<String>>(0).unwrap_or_default()
    }

    /// The event of this type that Stripe made last.
    pub fn last_event(&self, kind: &str) -> Value {
        let events = self.stripe.events();
        events
            .into_iter()
            .rev()
            .find(|event| event["type"] == kind)
            .unwrap_or_else(|| panic!("no event {kind}"))
    }

    /// The time now, Unix seconds.
    pub fn now(&self) -> i64 {
        self.app.clock.now().as_second()
    }
}

/// A POST by a user whom a trusted backend vouches for.
pub(crate) fn post(path: &str, user: &str, body: String) -> Request {
    HttpRequest::builder()
        .method(Method::POST)
        .uri(path)
        .header("x-user-id", user)
        .body(Body::from(body))
        .expect("a request")
}
