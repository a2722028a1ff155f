//! Faults that are made on purpose: the real programs as processes, a PostgreSQL of their own, Stripe's
//! emulator, and wires between them that can be cut. While something is ill, events come in and readers ask;
//! afterwards everything must be as Stripe says, and nothing may ever have been wrong.
//!
//! | file | what lives there |
//! |---|---|
//! | `list` | all faults, by name |
//! | `database`, `disk`, `functions`, `stripe`, `crowd`, `loss`, `memory`, `pooler`, `chaos` | what each one
//! does |
//! | `world`, `traffic` | organizations, their history at Stripe, events on their way, readers |
//! | `answers` | what readers may be told |
//! | `check` | what must hold at the end |
//! | `function`, `runtime` | functions as Lambda runs them |
//! | `server`, `proxy` | PostgreSQL and the wires to it, to be made ill |
//! | `table` | the table of docs/RELIABILITY.md |
//! | `load`, `clients` | more clients than there is room for |

mod answers;
mod chaos;
mod check;
mod clients;
mod crowd;
mod database;
mod disk;
pub mod function;
mod functions;
mod list;
pub mod load;
mod loss;
mod memory;
mod pooler;
mod proxy;
mod runtime;
mod server;
mod stripe;
pub mod table;
mod traffic;
mod world;

use std::time::{Duration, Instant};

use tokio::sync::RwLock;

pub use list::{FAULTS, POOLED, named};
pub use world::{Setting, World};

/// What is done, and what must hold besides what always must.
pub struct Fault {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is done, half a sentence.
    pub done: &'static str,
    /// What must hold besides, half a sentence; empty for nothing.
    pub holds: &'static str,
    /// What it is done to.
    pub setting: Setting,
    /// What was committed may be lost. One reconciliation follows.
    pub loses: bool,
    /// Does it.
    pub play: for<'a> fn(&'a World) -> Playing<'a>,
}

/// A fault that is being made. Err: what did not hold meanwhile.
pub type Playing<'a> = std::pin::Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;

/// What was played.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Events that Stripe made.
    pub events: usize,
    /// Attempts to deliver one.
    pub attempts: usize,
    /// Those that were not answered with 200.
    pub failed: usize,
    /// Answers to readers.
    pub reads: usize,
    /// Those that were refused with 503.
    pub refused: usize,
    /// Processes that were started.
    pub starts: usize,
    /// How long it took.
    pub time: Duration,
}

/// How long everything may take to come to rest after the fault.
const PATIENCE: Duration = Duration::from_secs(600);

/// All worlds share a server. One that disturbs it is alone with it.
static TURN: RwLock<()> = RwLock::const_new(());

/// Makes a fault for at least so long, and checks what came of it.
///
/// # Errors
/// What did not hold, in a sentence.
pub async fn play(fault: &Fault, seed: u64, length: Duration) -> Result<Tally, String> {
    play_broken(fault, seed, length, "").await
}

/// The same in a database whose rules are broken before, by this SQL.
///
/// # Errors
/// What did not hold, in a sentence.
pub async fn play_broken(fault: &Fault, seed: u64, length: Duration, broken: &str) -> Result<Tally, String> {
    let (mut _alone, mut _together) = (None, None);
    match fault.setting.is_alone {
        true => _alone = Some(TURN.write().await),
        false => _together = Some(TURN.read().await),
    }
    let begun = Instant::now();
    let mut world = World::start(&fault.setting, seed, length).await;
    world.t.db.batch_execute(broken).await.expect("it can be broken");
    let lived = tokio::time::timeout(length + PATIENCE, world.live(fault)).await;
    let lived = lived.unwrap_or_else(|_| Err(format!("no rest after {PATIENCE:?}: {}", world.state())));
    let checked = match lived {
        Ok(()) => check::end(&mut world, fault).await,
        Err(problem) => Err(problem),
    };
    let tally = Tally { time: begun.elapsed(), ..world.tally() };
    world.stop().await;
    checked.map(|()| tally)
}
