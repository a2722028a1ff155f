//! The proof: random histories of organizations and subscriptions at Stripe, their events delivered in any
//! order, several times, from several tasks, with crashes and failures; and at the end the database must say
//! what Stripe says.
//!
//! | file | what lives there |
//! |---|---|
//! | `history` | what can happen, and how histories are made and shrunk |
//! | `world` | Stripe's side: doing it in the emulator, and what is true then |
//! | `purchases` | buying at checkout sessions and payment links, and the money that goes back |
//! | `delivery` | sending events as badly as a network can |
//! | `journal` | an observer that sees every state a subscription's row ever had |
//! | `moments` | what organizations had on the way, held against the history |
//! | `told` | what the application was told on the way |
//! | `check` | what must hold at the end |

pub(crate) mod check;
pub(crate) mod delivery;
pub(crate) mod history;
pub(crate) mod journal;
mod moments;
mod purchases;
mod told;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use shared::clock::Clock;

use crate::TestApp;
pub use history::{Act, History, Size, Step, histories};
pub use world::{ADDON, Organization, World, plan_of};

/// What a history came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Events that Stripe made.
    pub events: usize,
    /// Attempts to deliver one.
    pub attempts: usize,
    /// Attempts that were cut off in the middle.
    pub crashes: usize,
    /// Reads of Stripe.
    pub reads: usize,
}

/// Plays a history and checks what came of it.
///
/// # Errors
/// What does not hold, in a sentence.
pub async fn play(history: &History) -> Result<Tally, String> {
    let mut t = TestApp::start_with(&[("DATABASE_POOL_SIZE", &history.workers.to_string())]).await;
    // One clock for both, so that moving it moves both at once; the difference is the one that two machines
    // have. It begins now, because the database compares the end of a grace period with its own clock.
    let clock = Arc::new(AtomicI64::new(t.app.clock.now().as_millisecond()));
    t.set_clock(&Clock::Fixed(Arc::clone(&clock)));
    t.stripe.follow(Arc::clone(&clock), history.skew_ms);
    let journal = journal::start(&t).await;
    moments::start(&t).await;
    told::start(&t).await;
    let world = World::create(&t, history.organizations).await;
    let mut random = fastrand::Rng::with_seed(history.seed);
    let post = delivery::Post::default();

    let player = async {
        for step in history.steps.iter().filter(|step| !history.skips(&step.act)) {
            clock.fetch_add(step.pass_ms, Ordering::SeqCst);
            world.step(&t, step).await;
            post.collect(&t, history.thin(), &mut random);
            if !history.late {
                tokio::time::sleep(std::time::Duration::from_millis(random.u64(0..6))).await;
            }
        }
        post.close();
    };
    let workers = (0..history.workers).map(|number| post.work(&t, history.seed ^ (number as u64 + 1) << 32));
    let killer = delivery::kill_connections(&t, &post, history.seed);
    let reader = check::read_all_the_while(&t, &world, &post, history.deletes());
    let sweeper = delivery::sweep_all_the_while(&t, &post, history.seed);
    let ((), attempts, (), read, ()) =
        futures_util::join!(player, futures_util::future::join_all(workers), killer, reader, sweeper);
    read?;
    for attempt in attempts {
        attempt?;
    }
    journal.check(&t).await?;
    check::end(&t, &world, &post, history).await?;
    Ok(post.tally(&t))
}
