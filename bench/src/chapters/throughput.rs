//! Events and reads a second: through the functions, and straight at the database beside the floor.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{EMPTY, EVENT, FLOOR_EVENT, FLOOR_READ, HELLO, OUR_EVENT, OUR_READ, PEER, READ};
use crate::peer::Peer;
use crate::pgbench::{Calls, Pgbench, Target, floor_events, floor_reads};
use crate::plan::Plan;
use crate::programs::Programs;
use crate::requests::{Asker, EventSource, People, Population, ReadSource, SIGNING_SECRET};
use crate::rounds::{Measure, until_locks_are_had};
use crate::runtime::{Environment, Sample, Source, TO_WARM, load};
use crate::server::Server;

/// A filled database, and all that sends something to it.
pub struct Database<'a> {
    /// The checkout.
    pub root: &'a Path,
    /// How long everything takes.
    pub plan: Plan,
    /// The functions.
    pub programs: &'a Programs,
    /// The server.
    pub server: &'a Server,
    /// The database's name.
    pub name: &'static str,
    /// What is in it.
    pub population: Population,
    /// Who reads it.
    pub people: Arc<People>,
    /// None: this PostgreSQL came without.
    pub pgbench: Option<&'a Pgbench>,
    /// None: it could not be installed.
    pub peer: Option<&'a Peer>,
}

impl Database<'_> {
    /// The variables of a function with the database at this address.
    pub fn environment(&self, url: String) -> Environment {
        environment(&self.people, url)
    }

    /// Events through the webhook.
    pub fn webhook(&self, in_flight: u64) -> Sample {
        let source = |lane| -> Box<dyn Source> { Box::new(self.events(lane, in_flight)) };
        let environment = self.environment(self.server.url("billing_events", self.name));
        until_locks_are_had("\"retry-after\"", || {
            self.load("webhook", &environment, (0..in_flight).map(source).collect())
        })
    }

    /// The same events for a function that does nothing.
    fn empty(&self, in_flight: u64) -> Sample {
        self.unread(TO_WARM, &self.programs.path(HELLO), &Environment::new(), in_flight)
    }

    /// The same events for stripe-sync-engine.
    fn peer(&self, peer: &Peer, in_flight: u64) -> Sample {
        let environment = Peer::environment(self.server.url("postgres", self.name));
        self.unread(Peer::TO_WARM, &peer.program, &environment, in_flight)
    }

    fn unread(&self, to_warm: u32, program: &Path, environment: &Environment, in_flight: u64) -> Sample {
        let source = |lane| -> Box<dyn Source> { Box::new(Unread(self.events(lane, in_flight))) };
        self.load_program(to_warm, program, environment, (0..in_flight).map(source).collect())
            .unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    fn events(&self, lane: u64, in_flight: u64) -> EventSource {
        EventSource::new(self.root, self.population, lane, in_flight)
    }

    /// Reads through the entitlements function. `remembered`: an instance may answer from memory.
    pub fn entitlements(&self, asker: Asker, remembered: bool, in_flight: u64) -> Sample {
        let mut environment = self.environment(self.server.url("billing_reader", self.name));
        environment.extend(remembered.then(|| ("ENTITLEMENTS_CACHE_SECONDS", "2".to_owned())));
        let source = |_| -> Box<dyn Source> { Box::new(ReadSource::new(&self.people, asker)) };
        self.load("entitlements", &environment, (0..in_flight).map(source).collect())
            .unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    fn load(
        &self,
        name: &str,
        environment: &Environment,
        sources: Vec<Box<dyn Source>>,
    ) -> Result<Sample, String> {
        self.load_program(TO_WARM, &self.programs.path(name), environment, sources)
    }

    fn load_program(
        &self,
        to_warm: u32,
        program: &Path,
        environment: &Environment,
        sources: Vec<Box<dyn Source>>,
    ) -> Result<Sample, String> {
        let time = Duration::from_secs(self.plan.seconds);
        load(program, environment, sources, to_warm, time, self.server.pid())
    }

    fn pgbench(&self, pgbench: &Pgbench, login: &str, script: &str, clients: u64) -> Sample {
        let url = self.server.url(login, self.name);
        let target = Target { url: &url, server: self.server.pid(), population: self.population };
        pgbench.run(script, target, clients, self.plan.seconds)
    }
}

/// Events whose answer says nothing.
struct Unread(EventSource);

impl Source for Unread {
    fn next(&mut self, event: &mut Vec<u8>) {
        self.0.next(event);
    }

    fn take(&mut self, answer: &[u8]) -> bool {
        String::from_utf8_lossy(answer).contains("\"statusCode\":200")
    }
}

/// The variables of a function with the database at this address.
pub fn environment(people: &People, url: String) -> Environment {
    let mut environment = vec![
        ("DATABASE_URL", url),
        ("STRIPE_SECRET_KEY", "sk_test_bench".to_owned()),
        ("STRIPE_WEBHOOK_SECRET", SIGNING_SECRET.to_owned()),
        // Nobody listens there: no measured request may need Stripe.
        ("STRIPE_API_BASE", "http://127.0.0.1:9".to_owned()),
        ("BASE_URL", "https://app.example.com".to_owned()),
    ];
    environment.extend(people.environment());
    environment
}

/// Both functions, both calls and the floor, with so many at once.
pub fn throughput<'a>(database: &'a Database<'a>, calls: &'a Calls, at_once: &[u64]) -> Vec<Measure<'a>> {
    let mut measures = Vec::new();
    for &in_flight in at_once {
        let mut add = |what: &str, run: Box<dyn FnMut() -> Sample + 'a>| {
            measures.push(Measure { what: what.to_owned(), in_flight, run });
        };
        let by_pgbench = |login: &'static str, script: String| -> Option<Box<dyn FnMut() -> Sample + 'a>> {
            let pgbench = database.pgbench?;
            Some(Box::new(move || database.pgbench(pgbench, login, &script, in_flight)))
        };
        add(EVENT, Box::new(move || database.webhook(in_flight)));
        for (what, login, script) in [
            (OUR_EVENT, "billing_events", calls.events.clone()),
            (FLOOR_EVENT, "postgres", floor_events()),
            (OUR_READ, "billing_reader", calls.reads.clone()),
            (FLOOR_READ, "postgres", floor_reads()),
        ] {
            if let Some(run) = by_pgbench(login, script) {
                add(what, run);
            }
        }
        add(READ, Box::new(move || database.entitlements(Asker::Anybody, false, in_flight)));
    }
    measures
}

/// A function that does nothing, with so many at once: what Lambda's runtime takes of each event.
pub fn empty<'a>(database: &'a Database<'a>, at_once: &'a [u64]) -> impl Iterator<Item = Measure<'a>> {
    at_once.iter().map(move |&in_flight| {
        let run = Box::new(move || database.empty(in_flight));
        Measure { what: EMPTY.to_owned(), in_flight, run }
    })
}

/// stripe-sync-engine, with so many at once, and with its tables beside ours. Empty, where it could not be
/// installed.
pub fn peer<'a>(database: &'a Database<'a>, at_once: &[u64]) -> Vec<Measure<'a>> {
    let Some(peer) = database.peer else { return Vec::new() };
    peer.migrate(database.server.url("postgres", database.name));
    let measure = |&in_flight: &u64| {
        let run = Box::new(move || database.peer(peer, in_flight));
        Measure { what: PEER.to_owned(), in_flight, run }
    };
    at_once.iter().map(measure).collect()
}
