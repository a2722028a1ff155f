//! How far long work is: a bar on a terminal, now and then a line elsewhere, nothing for a program.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::context::Context;
use crate::outcome::tell;

/// Between two lines.
const EVERY: Duration = Duration::from_secs(5);

/// How far work is.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    quiet: bool,
    done: u64,
    started: Instant,
    told: Instant,
}

impl Progress {
    /// Begins. `about`: how many there are likely to be; None: nobody knows.
    pub fn start(context: &Context, what: &'static str, about: Option<u64>) -> Self {
        let bar = (!context.quiet && io::stderr().is_terminal()).then(|| {
            let (bar, template) = match about {
                Some(about) => (
                    ProgressBar::new(about),
                    format!("{{bar:30}} {{pos}} of about {{len}} {what}, {{msg}}/s, {{eta}} left"),
                ),
                None => (
                    ProgressBar::new_spinner(),
                    format!("{{spinner}} {{pos}} {what}, {{msg}}/s, for {{elapsed}}"),
                ),
            };
            // Err: the template is ours and fixed.
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Self { what, bar, quiet: context.quiet, done: 0, started: now, told: now }
    }

    /// So many more are done.
    pub fn add(&mut self, count: u64) {
        self.done += count;
        let rate = format!("{:.0}", self.done as f64 / self.started.elapsed().as_secs_f64());
        if let Some(bar) = &self.bar {
            // The guess was too low.
            if bar.length().is_some_and(|length| length < self.done) {
                bar.set_length(self.done);
            }
            bar.set_message(rate);
            bar.set_position(self.done);
        } else if !self.quiet && self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            tell(&format!("{} {}, {rate}/s", self.done, self.what));
        }
    }

    /// A sentence on the way.
    pub fn tell(&self, sentence: &str) {
        match &self.bar {
            Some(bar) => bar.println(sentence),
            None if !self.quiet => tell(sentence),
            None => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
