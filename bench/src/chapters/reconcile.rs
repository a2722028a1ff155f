//! The reconciliation of a large application: going through Stripe's list at the pace that Stripe allows, and
//! a run that finds nothing to do.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::clock::Clock;
use tokio_postgres::Client;

use super::{Database, LARGE};
use crate::machine::{Clocks, peak_megabytes, ran};
use crate::report::{Line, Report};
use crate::runtime::{Environment, Gate, Instance, Lane, Source};
use crate::stripe::Stripe;

/// How long before its time is over the function stops (`functions/reconcile`), in seconds.
const RESERVE: i64 = 30;

/// How long a run may take, whatever it does.
const PATIENCE: Duration = Duration::from_secs(300);

/// What one run took.
struct Run {
    report: Value,
    wall: Duration,
    function: Duration,
    database: Duration,
    pages: u64,
    megabytes: f64,
}

/// Runs the function twice: for some seconds of a comparison, and once more when that is done.
pub async fn reconcile(database: &Database<'_>, stripe: &Stripe, admin: &Client, report: &mut Report) {
    let sweep = run(database, stripe, RESERVE + database.plan.sweep);
    let compared = &sweep.report["subscriptions"];
    let checked = compared["checked"].as_f64().expect("a number");
    assert_eq!(compared["drifted"], 0, "the list says what the database says: {}", sweep.report);
    assert!(checked > 0.0, "subscriptions were compared: {}", sweep.report);
    let all = database.population.payers() as f64;
    let per_page = |time: Duration| time.as_secs_f64() * 1e6 / sweep.pages as f64;
    let mut line =
        Line { chapter: LARGE, what: "sweep: a page of 100 subscriptions".to_owned(), ..Line::default() };
    line.sample.per_second = sweep.pages as f64 / sweep.wall.as_secs_f64();
    line.sample.function = Some(per_page(sweep.function));
    line.sample.database = Some(per_page(sweep.database));
    let minutes = all / checked * sweep.wall.as_secs_f64() / 60.0;
    line.more = vec![("checked", checked), ("minutes_for_all", minutes), ("memory_mb", sweep.megabytes)];
    line.note = format!("all {all} in {minutes:.0} min at Stripe's pace, {:.1} MB", sweep.megabytes);
    report.add(line);

    // As if the comparison had just come to its end.
    let done = json!({ "began_at": Clock::System.now().as_second(), "after": null }).to_string();
    let sql =
        format!("update billing.reconcile_cursors set position = '{done}' where name = 'subscriptions'");
    assert_eq!(admin.execute(&sql, &[]).await.expect("the cursor"), 1, "the sweep left its cursor");
    let quiet = run(database, stripe, RESERVE + 60);
    assert_eq!(quiet.report["problems"], json!([]), "{}", quiet.report);
    let mut line = Line { chapter: LARGE, what: "reconcile: nothing to do".to_owned(), ..Line::default() };
    line.sample.p50 = Some(quiet.wall.as_secs_f64() * 1e3);
    line.sample.function = Some(quiet.function.as_secs_f64() * 1e6);
    line.sample.database = Some(quiet.database.as_secs_f64() * 1e6);
    line.note = format!("{} organizations", database.population.organizations);
    report.add(line);
}

/// One run, with so many seconds until Lambda's limit.
fn run(database: &Database<'_>, stripe: &Stripe, seconds: i64) -> Run {
    let mut environment: Environment =
        database.environment(database.server.url("billing_operator", database.name));
    environment.retain(|(name, _)| *name != "STRIPE_API_BASE");
    environment.push(("STRIPE_API_BASE", stripe.url.clone()));
    let gate = Arc::new(Gate::default());
    let (answers, answered) = std::sync::mpsc::channel();
    let deadline = (Clock::System.now().as_second() + seconds) * 1000;
    let lane = Lane::open(Box::new(Once(answers)), 0, &gate, deadline);
    let program = database.programs.path("reconcile");
    let instance = Instance::start(&program, &lane.address, &environment);
    gate.wait_for(1);
    let clocks = || (ran(instance.pid()), Clocks::of_family(database.server.pid()));
    let (before, pages, started) = (clocks(), stripe.pages.load(Ordering::SeqCst), Instant::now());
    gate.open(Duration::from_millis(100));
    let report: Vec<u8> = loop {
        match answered.recv_timeout(Duration::from_secs(1)) {
            Ok(report) => break report,
            // It has no report if it failed.
            Err(_) => assert_eq!(lane.take().wrong, None, "the reconciliation found no problem"),
        }
        assert!(started.elapsed() < PATIENCE, "the reconciliation comes to an end");
    };
    let (wall, after) = (started.elapsed(), clocks());
    let pages = stripe.pages.load(Ordering::SeqCst) - pages;
    let megabytes = peak_megabytes(instance.pid());
    drop(instance);
    gate.end();
    Run {
        report: serde_json::from_slice(&report).expect("JSON"),
        wall,
        function: after.0.saturating_sub(before.0),
        database: after.1.since(&before.1),
        pages,
        megabytes,
    }
}

/// EventBridge, which calls once.
struct Once(std::sync::mpsc::Sender<Vec<u8>>);

impl Source for Once {
    fn next(&mut self, event: &mut Vec<u8>) {
        let call = json!({
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "1", "time": "2026-01-01T00:00:00Z", "region": "eu-central-1", "resources": [],
            "detail": {}
        });
        event.extend_from_slice(call.to_string().as_bytes());
    }

    fn take(&mut self, answer: &[u8]) -> bool {
        // Err: nobody waits any more.
        let _ = self.0.send(answer.to_vec());
        true
    }
}
