//! Reads and events a second: the real handlers, in this process, and a PostgreSQL that loses nothing.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lambda_http::http::Request;
use lambda_http::{Body, Response};
use local::postgres::{Binaries, Cluster, Durability, Lifetime, Owner, reachable_home};
use serde_json::Value;
use shared::app::App;
use shared::clock::Clock;
use shared::config::Config;
use shared::serve::answer;
use stripe_emulator::sign;
use tests::TestApp;

use crate::quantile;

const SECRET: &str = "whsec_measured";

/// Prints a table.
pub async fn measure(organizations: u32, seconds: u64) {
    let server = server().await;
    let mut admin = server.connect("postgres").await.expect("connect");
    migrations::run(&mut admin).await.expect("the migrations apply");
    admin.batch_execute(&fill(organizations)).await.expect("rows");
    let template = {
        let t = TestApp::start().await;
        t.buy("pro", "month").await;
        t.last_event("customer.subscription.created")
    };
    let load = Load { organizations, template, server: &server };
    println!("| what | at once | a second | median, ms | 99 of 100 below, ms |");
    println!("|---|---|---|---|---|");
    for at_once in [1, 8] {
        for (what, kind) in
            [("an entitlements read", Kind::Read), ("an event that changes the plan", Kind::Event)]
        {
            let mut times = load.run(kind, at_once, Duration::from_secs(seconds)).await;
            println!(
                "| {what} | {at_once} | {:.0} | {:.2} | {:.2} |",
                times.len() as f64 / seconds as f64,
                quantile(&mut times, 0.5),
                quantile(&mut times, 0.99)
            );
        }
    }
    server.stop().await;
}

#[derive(Clone, Copy)]
enum Kind {
    Read,
    Event,
}

struct Load<'a> {
    organizations: u32,
    template: Value,
    server: &'a Cluster,
}

impl Load<'_> {
    /// Sends for so long, and returns what each request took, in milliseconds.
    async fn run(&self, kind: Kind, at_once: usize, time: Duration) -> Vec<f64> {
        let app = self.app(kind, at_once);
        // The connections and PostgreSQL's caches of catalogues are not what is measured.
        let warm = join_all((0..at_once).map(|_| self.send(kind, &app)));
        warm.await;
        let begun = Instant::now();
        let workers = (0..at_once).map(|_| async {
            let mut times = Vec::new();
            while begun.elapsed() < time {
                times.push(self.send(kind, &app).await);
            }
            times
        });
        join_all(workers).await.into_iter().flatten().collect()
    }

    async fn send(&self, kind: Kind, app: &App) -> f64 {
        let request = match kind {
            Kind::Read => self.read(),
            Kind::Event => self.event(app.clock.now().as_second()),
        };
        let started = Instant::now();
        let response: Response<Body> = match kind {
            Kind::Read => answer(app, entitlements::handle, request).await,
            Kind::Event => answer(app, webhook::handle, request).await,
        };
        let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
        assert_eq!(response.status(), 200, "{:?}", response.body());
        milliseconds
    }

    fn app(&self, kind: Kind, connections: usize) -> App {
        let login = match kind {
            Kind::Read => "billing_reader",
            Kind::Event => "billing_events",
        };
        let config = Config::from_lookup(|name| match name {
            "DATABASE_URL" => Some(self.server.url(login, "postgres")),
            "DATABASE_POOL_SIZE" => Some(connections.to_string()),
            "IDENTITY_SOURCE" => Some("trusted_headers".to_owned()),
            "STRIPE_SECRET_KEY" => Some("sk_test_1".to_owned()),
            "STRIPE_WEBHOOK_SECRET" => Some(SECRET.to_owned()),
            _ => None,
        });
        App::new(config, Clock::System)
    }

    fn read(&self) -> Request<Body> {
        let number = fastrand::u32(1..=self.organizations);
        Request::get(format!("/api/entitlements?orgId={}", id(number)))
            .header("x-user-id", id(number))
            .body(Body::Empty)
            .expect("a request")
    }

    /// A random subscription moves to the other plan than its last event said, a second later on Stripe's
    /// clock.
    fn event(&self, now: i64) -> Request<Body> {
        let number = fastrand::u32(1..=self.organizations);
        let mut event = self.template.clone();
        event["id"] = format!("evt_{:032x}", fastrand::u128(..)).into();
        // Years ahead, so that every event is newer than the ones before, which come in any order.
        event["created"] =
            (now + i64::from(EVENTS.fetch_add(1, std::sync::atomic::Ordering::Relaxed))).into();
        event["type"] = "customer.subscription.updated".into();
        let subscription = &mut event["data"]["object"];
        subscription["id"] = format!("sub_{number:024}").into();
        subscription["customer"] = format!("cus_{number:014}").into();
        subscription["metadata"]["org_id"] = id(number).into();
        let plan = if fastrand::bool() { "enterprise" } else { "pro" };
        let price = &mut subscription["items"]["data"][0]["price"];
        price["lookup_key"] = format!("promptforge_{plan}_month").into();
        price["metadata"]["plan_code"] = plan.into();
        let body = event.to_string();
        Request::post("/api/webhooks/stripe")
            .header("stripe-signature", sign(body.as_bytes(), SECRET, now))
            .body(Body::from(body))
            .expect("a request")
    }
}

static EVENTS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);

/// Organization, member and (as text) subscription number so much.
fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// On a disk, as in production. `/dev/shm` would forget.
async fn server() -> Cluster {
    let owner = Owner::detect().expect("a user for the server");
    let home = reachable_home(&tests::root().join(".local"), owner);
    let binaries =
        Binaries::find_or_fetch(&home.join("tools"), &|sentence| println!("{sentence}")).expect("PostgreSQL");
    let data = home.join(format!("measured-{}", std::process::id()));
    Cluster::start(&binaries, owner, &data, 0, Durability::Full, Lifetime::Removed)
        .await
        .expect("the server starts")
}

fn fill(organizations: u32) -> String {
    format!(
        "create temporary table numbers as
           select n, ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id
           from generate_series(1, {organizations}) n;
         insert into own_organizations (id, name) select id, 'No. ' || n from numbers;
         insert into own_members (org_id, user_id, role) select id, id, 'owner' from numbers;
         insert into customers (org_id, livemode, stripe_customer_id) select id, false,
           'cus_' || lpad(n::text, 14, '0') from numbers;
         insert into subscriptions (stripe_subscription_id, org_id, livemode, stripe_customer_id, status,
           plan_code, stripe_created_at, known_through, may_include)
           select 'sub_' || lpad(n::text, 24, '0'), id, false, 'cus_' || lpad(n::text, 14, '0'), 'active',
             'pro', now(), 0, 0 from numbers;
         insert into entitlements (org_id, source, livemode, plan_code) select id, 'plan', false, 'pro'
           from numbers;
         drop table numbers;
         analyze; checkpoint;"
    )
}
