//! Where instances wait between warming up, being measured and ending.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long a program may take until it has warmed up, or answered its last request.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gate for some instances.
#[derive(Default)]
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: usize,
    /// Until when requests are handed out. None: not yet.
    until: Option<Instant>,
    is_over: bool,
}

impl Gate {
    /// Lets an instance have a request, as soon as requests are handed out. False: never again.
    pub fn pass(&self) -> bool {
        let mut state = self.state();
        if state.is_open() {
            return true;
        }
        state.waiting += 1;
        self.changed.notify_all();
        while !state.is_open() {
            if state.is_over {
                return false;
            }
            state = self.changed.wait(state).expect("no thread panics with it");
        }
        true
    }

    /// Waits until so many instances wait.
    pub fn wait_for(&self, instances: usize) {
        let state = self.state();
        let waiting = self.changed.wait_timeout_while(state, PATIENCE, |state| state.waiting < instances);
        assert!(!waiting.expect("no thread panics with it").1.timed_out(), "a function answers nothing");
    }

    /// Hands out requests for so long.
    pub fn open(&self, time: Duration) {
        let mut state = self.state();
        state.until = Some(Instant::now() + time);
        state.waiting = 0;
        self.changed.notify_all();
    }

    /// Sends everybody home.
    pub fn end(&self) {
        let mut state = self.state();
        (state.until, state.is_over) = (None, true);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics with it")
    }
}

impl State {
    fn is_open(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn an_instance_passes_while_the_gate_is_open_and_goes_home_at_the_end() {
        let gate = Arc::new(Gate::default());
        let other = Arc::clone(&gate);
        let instance = std::thread::spawn(move || (0..).take_while(|_| other.pass()).count());
        gate.wait_for(1);
        gate.open(Duration::from_millis(5));
        gate.wait_for(1);
        gate.end();
        assert!(instance.join().unwrap() > 0);
    }
}
