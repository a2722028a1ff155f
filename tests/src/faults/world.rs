//! Organizations, their history at Stripe, events on their way to the webhook's processes, and readers.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio_postgres::{Client, Config};

use super::Tally;
use super::answers::Answers;
use super::function::{CLOCK, Function};
use super::proxy::{Mode, Proxy, Target};
use super::server::{Server, kill};
use crate::app::WEBHOOK_SECRET;
use crate::model::Act;
use crate::model::delivery::Post;
use crate::model::journal::{self, Journal};
use crate::replica::Replicated;
use crate::{TestApp, TestDatabase, Vault, model};

/// What a fault is made in.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Instances of the webhook, each delivered to at once.
    pub webhooks: usize,
    /// Instances that readers ask, all the while.
    pub readers: usize,
    /// Organizations.
    pub organizations: usize,
    /// How many subscriptions the first one has.
    pub of_first: usize,
    /// Nothing happens at Stripe by itself.
    pub is_quiet: bool,
    /// The database has a replica that may take over.
    pub has_replica: bool,
    /// What is done disturbs the server itself, or what is measured needs the machine: no other world lives
    /// at the same time.
    pub is_alone: bool,
    /// The webhook's signing secret stands in Secrets Manager.
    pub has_vault: bool,
    /// By how many seconds the clocks of the webhook's processes jump back and forth. 0: they are right.
    pub clocks_jump: i64,
}

/// The usual one.
pub const USUAL: Setting = Setting {
    webhooks: 4,
    readers: 2,
    organizations: 6,
    of_first: 1,
    is_quiet: false,
    has_replica: false,
    is_alone: false,
    has_vault: false,
    clocks_jump: 0,
};

/// Everything that a fault can be made in.
pub struct World {
    /// Stripe's emulator, the test's own look at the database, the reconciliation.
    pub t: TestApp,
    /// The webhook's processes.
    pub webhook: Arc<Function>,
    /// The processes that readers ask.
    pub reader: Arc<Function>,
    /// The server that all worlds share. What has a replica is at servers of its own.
    pub server: &'static Server,
    /// The primary and the replica.
    pub replicated: Option<Replicated>,
    /// Where the wires lead.
    pub target: Target,
    /// The reconciliation's own wire.
    wire: Proxy,
    /// Where the database is now, if it is not where it was.
    pub moved: Cell<Option<&'static local::postgres::Cluster>>,
    /// Secrets Manager, if it holds the signing secret.
    pub vault: Option<Vault>,
    /// What events are signed with now.
    pub secret: RefCell<String>,
    /// The organizations.
    pub model: model::World,
    pub(super) post: Post,
    pub(super) answers: Answers,
    pub(super) journal: Journal,
    pub(super) problem: RefCell<Option<String>>,
    pub(super) seed: u64,
    until: Instant,
    pub(super) is_quiet: bool,
    pub(super) tally: Cell<Tally>,
    pub(super) applied: Cell<usize>,
}

impl World {
    /// Makes one. It begins to live with [`live`](Self::live).
    pub async fn start(setting: &Setting, seed: u64, length: Duration) -> Self {
        let server = Server::shared().await;
        let replicated = match setting.has_replica {
            true => Some(Replicated::start(&format!("faults-{seed}")).await),
            false => None,
        };
        let cluster = replicated.as_ref().map_or(server.cluster, |both| both.primary);
        let mut t = TestApp::on(TestDatabase::create_on(cluster).await, &[]).await;
        let url = t.database.url("postgres");
        let direct: Config = url.parse().expect("an address");
        let target: Target = Arc::new(AtomicU16::new(direct.get_ports()[0]));
        let mut environment = vec![
            ("STRIPE_SECRET_KEY", t.stripe.secret_key().to_owned()),
            ("STRIPE_API_BASE", t.stripe.url()),
            (CLOCK, setting.clocks_jump.to_string()),
        ];
        let vault = match setting.has_vault {
            true => Some(Vault::open(&json!({ "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET })).await),
            false => None,
        };
        match &vault {
            Some(vault) => environment
                .extend(vault.environment().into_iter().map(|(name, value)| (name, value.to_owned()))),
            None => environment.push(("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned())),
        }
        let events = t.database.url("billing_events");
        let webhook = Function::new("webhook", setting.webhooks, environment, events, &target).await;
        let reading = t.database.url("billing_reader");
        let reader = Function::new("entitlements", setting.readers, Vec::new(), reading, &target).await;
        let wire = Proxy::start(&target).await;
        let database = t.database.at(cluster);
        t.connect_through(|login| wire.through(&database.url(login)));
        let journal = journal::start(&t).await;
        let model = model::World::create(&t, setting.organizations).await;
        let world = Self {
            webhook: Arc::new(webhook),
            reader: Arc::new(reader),
            server,
            replicated,
            target,
            wire,
            moved: Cell::new(None),
            vault,
            secret: RefCell::new(WEBHOOK_SECRET.to_owned()),
            model,
            post: Post::default(),
            answers: Answers::default(),
            journal,
            problem: RefCell::default(),
            seed,
            until: Instant::now() + length,
            is_quiet: setting.is_quiet,
            tally: Cell::default(),
            applied: Cell::new(0),
            t,
        };
        world.see();
        for number in 0..setting.organizations + setting.of_first - 1 {
            let target = if number < setting.organizations { number } else { 0 };
            world.step(Act::Subscribe { price: number % 4, trial: false, named: true }, target);
        }
        world
    }

    /// Whether the fault shall go on, as it was asked to.
    pub fn goes_on(&self) -> bool {
        Instant::now() < self.until && self.is_well()
    }

    /// A source of chance of its own.
    pub fn random(&self, number: u64) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed ^ (number.wrapping_add(1) << 32))
    }

    /// Waits until so many more deliveries took effect.
    ///
    /// # Errors
    /// If they do not.
    pub async fn progress(&self, count: usize) -> Result<(), String> {
        let goal = self.applied.get() + count;
        self.until(|| self.applied.get() >= goal, &format!("{count} more events to be applied")).await
    }

    /// Waits until a delivery failed: the fault is felt.
    ///
    /// # Errors
    /// If none does.
    pub async fn pain(&self) -> Result<(), String> {
        let before = self.tally.get().failed;
        self.until(|| self.tally.get().failed > before, "a delivery to fail").await
    }

    /// Waits for something.
    ///
    /// # Errors
    /// If it does not come, or something else was wrong meanwhile.
    pub async fn until(&self, is_so: impl Fn() -> bool, what: &str) -> Result<(), String> {
        let begun = Instant::now();
        while !is_so() {
            if !self.is_well() {
                return Ok(());
            }
            if begun.elapsed() > Duration::from_secs(90) {
                return Err(format!("waited in vain for {what}: {}", self.state()));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Waits until every event was taken.
    ///
    /// # Errors
    /// If one is not.
    pub async fn until_empty(&self) -> Result<(), String> {
        self.until(|| self.post.is_idle(), "every event to be taken").await
    }

    /// Whether nothing was wrong until now.
    pub fn is_well(&self) -> bool {
        self.problem.borrow().is_none()
    }

    /// How many answers readers got that were refusals.
    pub fn refused(&self) -> usize {
        self.tally.get().refused
    }

    /// Where everything is, for a message.
    pub fn state(&self) -> String {
        format!("{} events wait, {:?}", self.post.waiting(), self.tally())
    }

    /// A connection of the superuser's, over no wire.
    pub async fn admin(&self) -> Client {
        match self.moved.get() {
            Some(cluster) => self.t.database.at(cluster).connect().await,
            None => self.t.database.connect().await,
        }
    }

    /// Makes all wires to the database so.
    pub fn set_wires(&self, mode: Mode) {
        self.wires().for_each(|wire| wire.set(mode));
    }

    /// All wires to the database.
    pub fn wires(&self) -> impl Iterator<Item = &Proxy> {
        self.webhook.wires().chain(self.reader.wires()).chain([&self.wire])
    }

    /// What was committed was lost: what was answered is not true any more, and answers are older again.
    pub fn lose(&self) {
        self.answers.lost();
        self.post.outcomes.borrow_mut().values_mut().for_each(|(_, outcomes)| outcomes.clear());
    }

    /// What was done until now.
    pub fn tally(&self) -> Tally {
        let made = self.post.tally(&self.t);
        let starts = self.webhook.starts() + self.reader.starts();
        Tally { events: made.events, attempts: made.attempts, starts, ..self.tally.get() }
    }

    /// Ends what is this world's own.
    pub async fn stop(self) {
        let Self { replicated, t, .. } = self;
        drop(t);
        if let Some(both) = replicated {
            kill(both.primary);
            kill(both.replica);
        }
    }

    pub(super) fn fail(&self, problem: String) {
        self.problem.borrow_mut().get_or_insert(problem);
    }

    /// Leads all wires to another port, and ends what is connected.
    pub fn lead_to(&self, port: u16) {
        self.target.store(port, Ordering::SeqCst);
        self.wires().for_each(Proxy::cut);
    }
}
