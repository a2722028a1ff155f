//! What functions are asked: events and reads, as Lambda hands them over.

mod event;
mod people;
mod population;
mod read;
mod template;

pub use event::{EventSource, SIGNING_SECRET, STEPS, subscription};
pub use people::People;
pub use population::{Population, customer, org, person, subscription_id};
pub use read::{Asker, ReadSource};
pub use template::{Hole, Template, Values};
