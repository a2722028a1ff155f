//! Forms as the emulator reads them, in calls of its API.

use std::cell::RefCell;

use stripe_emulator::{Emulator, Options};
use tokio::runtime::Runtime;

use super::{NOW, runtime};

/// How many calls an emulator gets before a new one takes its place.
const CALLS: u32 = 500;

struct Stand {
    runtime: Runtime,
    emulator: Emulator,
    calls: u32,
}

thread_local! {
    static STAND: RefCell<Option<Stand>> = const { RefCell::new(None) };
}

/// The first line is method and path, each line after it one more call's form. Every call has an answer.
pub fn run(input: &[u8]) {
    STAND.with_borrow_mut(|stand| {
        let stand = match stand {
            Some(stand) if stand.calls < CALLS => stand,
            other => {
                let before = other.take();
                other.insert(Stand::start(before))
            }
        };
        let mut lines = input.split(|byte| *byte == b'\n');
        let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        let (method, path) = first.split_once(' ').unwrap_or(("POST", &first));
        let _inside = stand.runtime.enter();
        for form in lines.take(4) {
            stand.calls += 1;
            if let Err(error) = stand.emulator.call_form(method, path, form) {
                assert!((400..500).contains(&error.status), "{error:?}");
            }
        }
    });
}

impl Stand {
    /// With a customer, a price and a subscription of well-known ids.
    fn start(before: Option<Self>) -> Self {
        let runtime = match before {
            Some(Self { runtime, emulator, .. }) => {
                runtime.block_on(emulator.stop());
                runtime
            }
            None => runtime(),
        };
        let emulator = runtime.block_on(Emulator::start(Options::default())).expect("an emulator");
        let _inside = runtime.enter();
        emulator.set_now(NOW);
        let form = "id=pro&name=Pro&default_price_data[currency]=usd&default_price_data[unit_amount]=4900";
        emulator.call_form("POST", "/v1/products", form.as_bytes()).ok();
        drop(_inside);
        Self { runtime, emulator, calls: 0 }
    }
}
