//! `billing doctor`: a whole deployment is well, and each fault is found by its own check.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use axum::Router;
use axum::http::StatusCode;
use cli::commands::doctor::{self, Args, Status};
use cli::commands::{portal_configuration, webhook_endpoint};
use cli::context::Context;
use cli::outcome::Outcome;
use serde_json::json;
use shared::clock::Clock;
use tests::TestApp;
use tests::auth::{EcKey, JwksServer, RsaKey};
use tokio::net::TcpListener;

/// A deployment as it should be: set up by the commands, with a purchase some time ago, reconciled.
pub struct Deployment {
    pub t: TestApp,
    /// The webhook endpoint's id.
    pub endpoint: String,
    /// The project that signs access tokens.
    pub project: JwksServer,
}

impl Deployment {
    pub async fn start() -> Self {
        Self::answering(StatusCode::OK).await
    }

    /// With a webhook that answers every event like this.
    async fn answering(status: StatusCode) -> Self {
        let t = TestApp::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().fallback(move || async move { status });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let args =
            webhook_endpoint::Args { url: url.parse().unwrap(), thin: false, store: false, dry_run: false };
        let endpoint = webhook_endpoint::run(args, &t.operator()).await.unwrap().endpoint.unwrap();
        portal_configuration::run(portal_configuration::Args { dry_run: false }, &t.operator())
            .await
            .unwrap();
        let now = t.now();
        t.stripe.set_now(now - 1000);
        t.buy("pro", "month").await;
        t.stripe.set_now(now);
        assert!(t.reconcile().await.is_well());
        while t.stripe.events().iter().any(|event| event["pending_webhooks"] != 0) && status == StatusCode::OK
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let project = JwksServer::start(json!([EcKey::new("ec-1").jwk(), RsaKey::new("rsa-1").jwk()])).await;
        Self { t, endpoint, project }
    }

    fn context(&self, variables: &[(&str, &str)]) -> Context {
        let url = self.t.database.url("billing_operator");
        let whole = [
            ("DATABASE_URL", url.as_str()),
            ("STRIPE_WEBHOOK_SECRET", "whsec_1"),
            ("BASE_URL", "https://app.example.com"),
            ("SUPABASE_URL", self.project.url.as_str()),
        ];
        self.t.operator_with(&[&whole, variables].concat())
    }

    /// The checks that are not ok.
    pub async fn complaints(&self, variables: &[(&str, &str)]) -> Vec<(&'static str, Status, String)> {
        let report = doctor::run(Args::default(), &self.context(variables)).await.unwrap();
        let wrong = report.checks.into_iter().filter(|check| check.status != Status::Ok);
        wrong
            .map(|check| {
                (check.check, check.status, format!("{} {}", check.found, check.advice.unwrap_or_default()))
            })
            .collect()
    }

    /// Asserts that one check, and no other, found the fault, in words that hold this.
    #[track_caller]
    pub fn found(complaints: Vec<(&'static str, Status, String)>, check: &str, status: Status, words: &str) {
        let [(name, found, text)] = complaints.try_into().unwrap_or_else(|all| panic!("{check}: {all:?}"));
        assert_eq!((name, found), (check, status), "{text}");
        assert!(text.contains(words), "{check}: {text}");
    }

    pub async fn after_sql(&self, sql: &str) -> Vec<(&'static str, Status, String)> {
        self.t.db.batch_execute(sql).await.unwrap();
        self.complaints(&[]).await
    }

    async fn after_call(&self, path: &str, params: serde_json::Value) -> Vec<(&'static str, Status, String)> {
        self.t.stripe.call("POST", path, &params).unwrap();
        self.complaints(&[]).await
    }
}

#[tokio::test]
async fn a_deployment_that_is_well_has_nothing_but_ok_and_nothing_is_changed() {
    let d = Deployment::start().await;
    let calls = d.t.stripe.requests().len();
    let report = doctor::run(Args::default(), &d.context(&[])).await;
    let text = report.as_ref().unwrap().to_string();
    assert_eq!(Outcome::of(report, false).status, 0);
    assert!(text.lines().filter(|line| line.starts_with("ok ")).count() > 15, "{text}");
    assert!(text.ends_with(" ok, 0 to look at, 0 failing."), "{text}");
    assert!(d.t.stripe.requests()[calls..].iter().all(|call| call.method == "GET"));
}

#[tokio::test]
async fn a_variable_that_is_missing_or_malformed() {
    let d = Deployment::start().await;
    let complaints = d.complaints(&[("SUPABASE_URL", ""), ("GRACE_DAYS", "many")]).await;
    Deployment::found(
        complaints,
        "configuration",
        Status::Failing,
        "SUPABASE_URL is missing; GRACE_DAYS must be",
    );
    let complaints = d.complaints(&[("IDENTITY_SOURCE", "trusted_headers")]).await;
    Deployment::found(complaints, "identity", Status::Warning, "only where nothing but a trusted backend");
    let complaints = d.complaints(&[("BASE_URL", "http://app.example.com")]).await;
    Deployment::found(complaints, "key_mode", Status::Failing, "https");
}

#[tokio::test]
async fn a_price_with_another_amount_and_a_portal_that_allows_something_else() {
    let d = Deployment::start().await;
    let list = d.t.stripe.call("GET", "/v1/billing_portal/configurations", &json!({})).unwrap();
    let portal = format!("/v1/billing_portal/configurations/{}", list["data"][0]["id"].as_str().unwrap());
    let changed = json!({ "features": { "subscription_cancel": { "mode": "immediately" } } });
    let complaints = d.after_call(&portal, changed).await;
    Deployment::found(complaints, "portal_configuration", Status::Warning, "subscription_cancel");
    portal_configuration::run(portal_configuration::Args { dry_run: false }, &d.t.operator()).await.unwrap();
    let complaints = d.after_sql("update plans set price_month_cents = 5900 where plan_code = 'pro'").await;
    Deployment::found(complaints, "prices", Status::Failing, "promptforge_pro_month would be replaced");
}

#[tokio::test]
async fn an_endpoint_that_lacks_an_event_or_is_disabled_or_missing() {
    let d = Deployment::start().await;
    let path = format!("/v1/webhook_endpoints/{}", d.endpoint);
    let all = json!(shared::stripe::event::PROCESSED);
    let complaints =
        d.after_call(&path, json!({ "enabled_events": &shared::stripe::event::PROCESSED[1..] })).await;
    Deployment::found(complaints, "webhook_endpoint", Status::Failing, "is not sent charge.dispute.closed");
    let complaints = d.after_call(&path, json!({ "enabled_events": all, "disabled": true })).await;
    Deployment::found(complaints, "webhook_endpoint", Status::Failing, "is disabled");
    d.t.stripe.call("DELETE", &path, &json!({})).unwrap();
    Deployment::found(d.complaints(&[]).await, "webhook_endpoint", Status::Failing, "none is registered");
}

#[tokio::test]
async fn events_that_are_not_delivered() {
    let d = Deployment::answering(StatusCode::INTERNAL_SERVER_ERROR).await;
    Deployment::found(d.complaints(&[]).await, "webhook_delivery", Status::Failing, "0 of the newest");
}

#[tokio::test]
async fn a_migration_that_was_not_applied() {
    let d = Deployment::start().await;
    let complaints = d.after_sql("delete from schema_history where name like 'tables/V7%'").await;
    Deployment::found(complaints, "migrations", Status::Failing, "Run billing migrate");
}

#[tokio::test]
async fn row_level_security_that_is_off_or_not_forced() {
    let d = Deployment::start().await;
    let complaints = d
        .after_sql(
            "alter table payments disable row level security; alter table runs no force row level security",
        )
        .await;
    Deployment::found(complaints, "row_level_security", Status::Failing, "payments, runs");
}

#[tokio::test]
async fn a_role_that_may_too_much() {
    let d = Deployment::start().await;
    let complaints = d
        .after_sql(
            "grant insert on entitlements to authenticated;
             grant select on payments to anon; grant execute on function pf_apply_event(jsonb) to anon",
        )
        .await;
    Deployment::found(
        complaints,
        "roles",
        Status::Failing,
        "anon may execute billing.pf_apply_event(jsonb); anon may select billing.payments; authenticated may \
         insert billing.entitlements",
    );
}

#[tokio::test]
async fn a_clock_that_is_wrong() {
    let d = Deployment::start().await;
    let (ok, failing) = (Status::Ok, Status::Failing);
    for (off, status, words) in [
        (90_000, failing, "ahead of"),
        (-90_000, failing, "behind"),
        (30_000, ok, "ahead of"),
        (-30_000, ok, "behind"),
    ] {
        let mut context = d.context(&[]);
        context.clock = Clock::Fixed(Arc::new(AtomicI64::new(Clock::System.now().as_millisecond() + off)));
        let report = doctor::run(Args::default(), &context).await.unwrap();
        let clock = report.checks.iter().find(|check| check.check == "clock").unwrap();
        assert_eq!(clock.status, status, "{off}");
        assert!(clock.found.contains(words), "{}", clock.found);
    }
}

#[tokio::test]
async fn a_subscription_that_drifted() {
    let d = Deployment::start().await;
    let complaints = d.after_sql("update subscriptions set quantity = 9").await;
    Deployment::found(complaints, "in_step", Status::Failing, "(quantity)");
    let complaints = d
        .after_sql("update subscriptions set quantity = 1; update entitlements set plan_code = 'enterprise'")
        .await;
    Deployment::found(complaints, "in_step", Status::Failing, "(entitlements)");
}

#[tokio::test]
async fn events_that_failed_a_reconciliation_that_stopped_and_a_key_of_the_wrong_mode() {
    let d = Deployment::start().await;
    let failed =
        "insert into webhook_events (event_id, type, livemode, stripe_created_at, status, error_code)
          values ('evt_1', 'invoice.paid', false, now(), 'failed', 'missing_org_id')";
    Deployment::found(d.after_sql(failed).await, "failed_events", Status::Warning, "missing_org_id");
    let complaints = d
        .after_sql(
            "update webhook_events set first_received_at = now() - interval '2 days'
             where event_id = 'evt_1'",
        )
        .await;
    Deployment::found(complaints, "failed_events", Status::Failing, "for more than a day");
    let complaints = d
        .after_sql(
            "delete from webhook_events where event_id = 'evt_1';
             update reconcile_cursors
             set position = jsonb_build_object('through', extract(epoch from now())::bigint - 7200)
             where name = 'events'",
        )
        .await;
    Deployment::found(complaints, "reconciliation", Status::Failing, "120 minutes behind");
    let complaints =
        d.after_sql("update reconcile_cursors set updated_at = now() - interval '2 hours'").await;
    Deployment::found(complaints, "reconciliation", Status::Failing, "120 minutes ago");
    let live = format!(
        "delete from reconcile_cursors;
            insert into customers (org_id, livemode, stripe_customer_id) values ('{}', true, 'cus_live')",
        d.t.other_org
    );
    let complaints = d.after_sql(&live).await;
    assert_eq!(
        complaints.iter().map(|(check, ..)| *check).collect::<Vec<_>>(),
        ["database_mode", "reconciliation"],
        "{complaints:?}"
    );
}

#[tokio::test]
async fn without_database_or_stripe_it_says_what_to_do_about_each_and_goes_on() {
    let d = Deployment::start().await;
    let nothing = [
        ("DATABASE_URL", "postgres://billing_operator@127.0.0.1:1/none"),
        ("STRIPE_API_BASE", "http://127.0.0.1:1"),
    ];
    let complaints = d.complaints(&nothing).await;
    assert_eq!(
        complaints.iter().map(|(check, ..)| *check).collect::<Vec<_>>(),
        ["database", "stripe"],
        "{complaints:?}"
    );
    let complaints = d.complaints(&[("STRIPE_SECRET_KEY", "sk_test_wrong")]).await;
    Deployment::found(complaints, "stripe", Status::Failing, "does not accept the key");
    let empty = Context::new(shared::config::Config::from_lookup(|_| None));
    let report = doctor::run(Args::default(), &empty).await;
    assert_eq!(Outcome::of(report, true).status, 1);
}
