//! Where an interrupted import goes on: after the last organization that is done, if the source says the same
//! of all up to there.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::app::App;
use shared::db::reconcile_cursors;
use shared::domain::ids::OrgId;
use shared::error::Error as Operation;

use super::claims::Wanted;
use crate::context;

/// The name under which it keeps how far it got.
const CURSOR: &str = "import";

#[derive(Deserialize, Serialize)]
struct Position {
    after: OrgId,
    /// Of everything up to there.
    sha256: String,
}

/// How far it is.
pub(super) struct Cursor<'a> {
    app: &'a App,
    livemode: bool,
    so_far: Sha256,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(app: &'a App, livemode: bool) -> Self {
        Self { app, livemode, so_far: Sha256::new() }
    }

    /// How many of these are done already.
    pub(super) async fn find(&mut self, wanted: &[Wanted]) -> Result<usize, context::Error> {
        let db = self.app.resources().db()?;
        let stored: Option<Position> =
            reconcile_cursors::read(db, CURSOR, self.livemode).await.map_err(Operation::from)?;
        let Some(Position { after, sha256 }) = stored else { return Ok(0) };
        let Some(last) = wanted.iter().position(|wanted| wanted.org == after) else { return Ok(0) };
        let mut so_far = Sha256::new();
        wanted[..=last].iter().for_each(|wanted| add(&mut so_far, wanted));
        if hex::encode(so_far.clone().finalize()) != sha256 {
            return Ok(0);
        }
        self.so_far = so_far;
        Ok(last + 1)
    }

    /// Notes that this one is done as well.
    pub(super) async fn reach(&mut self, wanted: &Wanted) -> Result<(), context::Error> {
        add(&mut self.so_far, wanted);
        let position = Position { after: wanted.org, sha256: hex::encode(self.so_far.clone().finalize()) };
        let stored =
            reconcile_cursors::store(self.app.resources().db()?, CURSOR, self.livemode, &position).await;
        Ok(stored.map_err(Operation::from)?)
    }

    /// The next one begins at the top.
    pub(super) async fn forget(&self) -> Result<(), context::Error> {
        let forgotten = reconcile_cursors::forget(self.app.resources().db()?, CURSOR, self.livemode).await;
        Ok(forgotten.map_err(Operation::from)?)
    }
}

fn add(so_far: &mut Sha256, wanted: &Wanted) {
    so_far.update(wanted.org.uuid().as_bytes());
    for (customer, _) in &wanted.customers {
        so_far.update(customer);
        so_far.update(b",");
    }
}
