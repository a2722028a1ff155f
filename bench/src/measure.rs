//! `cargo bench-all`: the chapters, one after the other.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use shared::config::Function;

use crate::chapters::{
    Database, LARGE, SMALL, catalogue, cold_start, decode, empty, environment, functions, peer, reconcile,
    sizes, space, throughput,
};
use crate::filling::{assert_applied, fill};
use crate::machine::{Watch, describe};
use crate::peer::Peer;
use crate::pgbench::{Calls, Pgbench, capture};
use crate::plan::Plan;
use crate::programs::Programs;
use crate::report::Report;
use crate::requests::People;
use crate::rounds::take_turns;
use crate::server::Server;
use crate::stripe::Stripe;

#[derive(clap::Args)]
pub struct Arguments {
    /// Less of everything, in two minutes: to see whether something changed much.
    #[arg(long)]
    quick: bool,
    /// These chapters only.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Chapter>,
    /// Where the release programs are already; without it they are built.
    #[arg(long, value_name = "FOLDER")]
    built: Option<PathBuf>,
    /// Where the JSON goes.
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    json: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Chapter {
    /// From the start of a program to its first request for work.
    ColdStart,
    /// Memory and processor of each function.
    Functions,
    /// Verify, parse and encode.
    Decode,
    /// Events and reads of a young application.
    Small,
    /// The same after years, and the reconciliation.
    Large,
}

/// Measures and prints.
pub async fn run(arguments: &Arguments) {
    let root = tests::root();
    let plan = if arguments.quick { Plan::QUICK } else { Plan::WHOLE };
    let wants = |chapter| arguments.only.is_empty() || arguments.only.contains(&chapter);
    let functions_names: Vec<&str> = Function::ALL.map(Function::name).to_vec();
    let mut packages = functions_names.clone();
    packages.extend(["bench-hello", "bench-decode", "cli"]);
    let programs = Programs::build(&root, &packages, arguments.built.clone());
    let mut report = Report::default();
    report.about.push(describe());
    report.about.push(format!("The programs: release, {}", programs.profile));
    let watch = Watch::start();

    if wants(Chapter::ColdStart) {
        eprintln!("cold starts");
        let people = People::sign_in(plan.small);
        let environment = environment(&people, "postgres://billing_reader@127.0.0.1:9/postgres".to_owned());
        cold_start(&plan, &programs, &functions_names, &environment, &mut report);
    }
    if wants(Chapter::Functions) {
        eprintln!("functions");
        functions(&plan, &programs, &mut report).await;
    }
    if wants(Chapter::Decode) {
        eprintln!("decoding");
        decode(&root, &programs, &mut report);
    }
    if wants(Chapter::Small) || wants(Chapter::Large) {
        let server = Server::start(&root).await;
        report.about.push(server.describe());
        let pgbench = Pgbench::find(&server.binaries);
        if pgbench.is_none() {
            let missing = "There is no pgbench beside this PostgreSQL: no floor was measured";
            report.about.push(missing.to_owned());
        }
        let peer = if wants(Chapter::Small) { Peer::install(&root) } else { None };
        if wants(Chapter::Small) && peer.is_none() {
            report.about.push("npm could not install stripe-sync-engine: it was not measured".to_owned());
        }
        let database = |name, population| Database {
            root: &root,
            plan,
            programs: &programs,
            server: &server,
            name,
            population,
            people: Arc::new(People::sign_in(population)),
            pgbench: pgbench.as_ref(),
            peer: peer.as_ref(),
        };
        if wants(Chapter::Small) {
            small(&database("small", plan.small), &mut report).await;
        }
        if wants(Chapter::Large) {
            large(&database("large", plan.large), &mut report).await;
        }
        server.stop().await;
    }
    let noise = watch.noise();
    report.about.push(format!(
        "Over the whole run {:.1} % of the machine's time was stolen by other machines, and {:.1} % went to \
         other programs",
        noise.stolen * 100.0,
        noise.others * 100.0
    ));
    print!("{}", report.table());
    let json = serde_json::to_string_pretty(&report.json()).expect("JSON");
    fs::write(root.join(&arguments.json), json).expect("the file for the JSON");
}

async fn small(database: &Database<'_>, report: &mut Report) {
    eprintln!("{SMALL}");
    let admin = fill(database).await;
    let calls = calls(database).await;
    let mut measures = throughput(database, &calls, &[1, 8, 32]);
    measures.extend(empty(database, &[1, 8]));
    measures.extend(sizes(database));
    report.add_rounds(SMALL, take_turns(&database.plan, measures));
    // Once: until Node has compiled what runs often, each round would take ten seconds.
    let once = Plan { rounds: 1, ..database.plan };
    report.add_rounds(SMALL, take_turns(&once, peer(database, &[1, 8])));
    assert_applied(&admin).await;
}

async fn large(database: &Database<'_>, report: &mut Report) {
    eprintln!("{LARGE}");
    let admin = fill(database).await;
    space(database, &admin, report).await;
    // Before events make subscriptions that are not in Stripe's list.
    let stripe = Stripe::start(database.root, database.population);
    reconcile(database, &stripe, &admin, report).await;
    catalogue(database, &stripe, report);
    let calls = calls(database).await;
    let measures = throughput(database, &calls, &[8]);
    report.add_rounds(LARGE, take_turns(&database.plan, measures));
    assert_applied(&admin).await;
}

async fn calls(database: &Database<'_>) -> Calls {
    let (webhook, entitlements) = (database.programs.path("webhook"), database.programs.path("entitlements"));
    let url = database.server.url("postgres", database.name);
    let environment = |url| database.environment(url);
    capture(
        database.root,
        &url,
        database.population,
        &database.people,
        (&webhook, &environment),
        (&entitlements, &environment),
    )
    .await
}
