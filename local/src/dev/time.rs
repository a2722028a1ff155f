//! The stack's time: whoever moves the emulator's clock moves that of the functions and the database too.
//!
//! A file says by how many milliseconds time is ahead of the machine's. The functions read it
//! (`LOCAL_CLOCK`). In this stack's own database, `now()` and `clock_timestamp()` read it: see `time.sql`.

use std::path::PathBuf;

use stripe_emulator::Emulator;
use tokio_postgres::Client;

use super::place::Place;
use super::terminal;
use crate::problem::Problem;

const SQL: &str = include_str!("time.sql");

/// The file, which is removed with the stack.
pub struct Time {
    file: PathBuf,
}

impl Time {
    /// Time as the machine has it.
    ///
    /// # Errors
    /// If the file of an earlier run cannot be removed.
    pub fn of(place: &Place, throws_away: bool) -> Result<Self, Problem> {
        let name = if throws_away { format!("clock-{}", std::process::id()) } else { "clock".to_owned() };
        let file = place.reachable.join(name);
        Place::remove(&file)?;
        Ok(Self { file })
    }

    /// Where functions and commands read it, as `LOCAL_CLOCK`.
    pub fn file(&self) -> String {
        self.file.display().to_string()
    }

    /// Has the database go by it. It stays so for this database, where no file means that nothing is moved.
    ///
    /// # Errors
    /// If the database refuses it.
    pub async fn teach(&self, database: &Client) -> Result<(), Problem> {
        let sql = SQL.replace("{{file}}", &self.file().replace('\'', "''"));
        let taught = database.batch_execute(&sql).await;
        taught.map_err(|error| Problem::new(format!("The database does not take the stack's time: {error}.")))
    }

    /// Goes by the emulator's clock from now on.
    pub fn follow(&self, emulator: &Emulator) {
        let file = self.file.clone();
        emulator.on_time(move |ahead| {
            // It appears whole, because it is read at any time.
            let draft = file.with_extension("new");
            let written = std::fs::write(&draft, (ahead * 1000).to_string());
            if let Err(error) = written.and_then(|()| std::fs::rename(&draft, &file)) {
                terminal::step(&format!("time was moved, but only for Stripe: {error}"));
            }
        });
    }
}

impl Drop for Time {
    fn drop(&mut self) {
        // Err: it stays, and the next run removes it.
        let _ = Place::remove(&self.file);
    }
}
