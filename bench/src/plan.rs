//! How much is measured: everything, or as much as somebody waits for.

use crate::requests::Population;

/// The sizes of a run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often each measurement is made; they take turns.
    pub rounds: usize,
    /// How long each lasts, in seconds.
    pub seconds: u64,
    /// How many more rounds there may be in place of those that were disturbed.
    pub spare_rounds: usize,
    /// A young application.
    pub small: Population,
    /// The same after years.
    pub large: Population,
    /// Starts of each program.
    pub starts: usize,
    /// Requests of each function on its own.
    pub requests: usize,
    /// How long a reconciliation may take, in seconds.
    pub sweep: i64,
}

impl Plan {
    /// Within ten minutes.
    pub const WHOLE: Self = Self {
        rounds: 3,
        seconds: 2,
        spare_rounds: 1,
        small: Population { organizations: 50_000, events: 0 },
        large: Population { organizations: 500_000, events: 5_000_000 },
        starts: 40,
        requests: 100,
        sweep: 10,
    };

    /// Within two minutes.
    pub const QUICK: Self = Self {
        rounds: 1,
        seconds: 1,
        spare_rounds: 0,
        small: Population { organizations: 20_000, events: 0 },
        large: Population { organizations: 40_000, events: 200_000 },
        starts: 15,
        requests: 30,
        sweep: 3,
    };
}
