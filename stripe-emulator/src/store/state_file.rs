//! The file that an emulator's state survives a restart in. Webhook endpoints and event destinations are not
//! in it, as whoever starts the emulator registers its own; nor are idempotent replays, faults and the log of
//! calls.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clock::Clock;
use super::events::Event;
use super::lock::Locked;
use super::{Kind, Store};

/// Raised when an older file cannot be read any more.
const VERSION: u32 = 1;

/// What the file holds besides its `version`.
#[derive(Debug, Serialize, Deserialize)]
struct State<'s> {
    version: u32,
    /// The base URL that URLs in the objects start with.
    url: Cow<'s, str>,
    clock: Cow<'s, Clock>,
    objects: BTreeMap<Kind, Cow<'s, [Value]>>,
    events: Cow<'s, [Event]>,
}

/// Where the state is kept.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// One write at a time, and none once it is closed: the file may be another emulator's by then.
    is_closed: Mutex<bool>,
}

impl StateFile {
    pub(crate) fn new(path: PathBuf) -> StateFile {
        StateFile { path, is_closed: Mutex::new(false) }
    }

    /// Puts what the file holds into a store, if it is there.
    pub(crate) fn load(&self, store: &mut Store) -> Result<()> {
        let unreadable = |problem: String| {
            let path = self.path.display();
            Error::new(
                ErrorKind::InvalidData,
                format!("{path} does not hold the emulator's state: {problem}."),
            )
        };
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let mut file: Value =
            serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
        if file["version"] != VERSION {
            let found = &file["version"];
            return Err(unreadable(format!(
                "its version is {found}, and {VERSION} is the one that can be read"
            )));
        }
        if let Some(old) = file["url"].as_str().map(str::to_owned) {
            relocate(&mut file, &old, &store.url);
        }
        let state = serde_json::from_value(file).map_err(|error| unreadable(error.to_string()))?;
        store.restore(state);
        Ok(())
    }

    /// Writes the state if it changed since it was last written.
    pub(crate) fn save(&self, store: &Locked) -> Result<()> {
        let is_closed = self.is_closed.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_closed { Ok(()) } else { self.write_changes(store) }
    }

    /// Writes the state for the last time.
    pub(crate) fn save_and_close(&self, store: &Locked) -> Result<()> {
        let mut is_closed = self.is_closed.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut is_closed, true) { Ok(()) } else { self.write_changes(store) }
    }

    fn write_changes(&self, store: &Locked) -> Result<()> {
        let state = store.with(|store| {
            let has_changed = std::mem::take(&mut store.has_changed);
            has_changed.then(|| serde_json::to_vec(&store.state()))
        });
        let Some(state) = state else { return Ok(()) };
        let written = state.map_err(Error::from).and_then(|state| self.write(&state));
        written.map_err(|error| {
            store.with(|store| store.has_changed = true);
            Error::new(error.kind(), format!("{} cannot be written: {error}.", self.path.display()))
        })
    }

    /// The file appears whole or not at all, readable for us alone.
    fn write(&self, state: &[u8]) -> Result<()> {
        let draft = self.path.with_extension("json.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        // A draft that was left behind keeps the mode it had.
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(state)?;
        fs::rename(&draft, &self.path)
    }
}

impl Store {
    fn state(&self) -> State<'_> {
        let kept = Kind::all().filter(|kind| !Kind::RECEIVERS.contains(kind));
        State {
            version: VERSION,
            url: Cow::Borrowed(&self.url),
            clock: Cow::Borrowed(&self.clock),
            objects: kept.map(|kind| (kind, Cow::Borrowed(self.rows(kind)))).collect(),
            events: Cow::Borrowed(self.events.all()),
        }
    }

    fn restore(&mut self, state: State) {
        self.clock = state.clock.into_owned();
        for (kind, rows) in state.objects {
            for row in rows.into_owned() {
                self.insert(kind, row);
            }
        }
        self.events.restore(state.events.into_owned());
    }
}

/// URLs of the emulator's own pages follow it to another port.
fn relocate(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::String(text) => {
            let rest = text.strip_prefix(old).filter(|rest| rest.is_empty() || rest.starts_with('/'));
            if let Some(rest) = rest {
                *text = format!("{new}{rest}");
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| relocate(value, old, new)),
        Value::Object(fields) => fields.values_mut().for_each(|value| relocate(value, old, new)),
        _ => {}
    }
}
