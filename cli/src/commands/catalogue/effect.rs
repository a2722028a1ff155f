//! What a change of the catalogue does to organizations: told by the database, which tries it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{Json, Type};
use uuid::Uuid;

use super::{Catalogue, Error};
use crate::context;
use crate::outcome::Code;

/// Long enough for millions of organizations.
const BEGIN: &str = "begin isolation level repeatable read; set local statement_timeout = '15min'";

/// How often it is tried, if events change subscriptions whose prices sell something else now.
const ATTEMPTS: u32 = 5;

/// A field in which the catalogue differs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Change {
    /// The plan's code. None: the line of a flag.
    pub plan: Option<String>,
    /// `name`, `rank`, `month`, `flags.hasAPI` and so on.
    pub field: String,
    /// As it was. None: there was none.
    #[serde(rename(deserialize = "from_value"))]
    pub from: Option<String>,
    /// As it is. None: there is none.
    #[serde(rename(deserialize = "to_value"))]
    pub to: Option<String>,
}

/// What becomes of a flag, or of the seats or the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is on now, or there are more.
    Gains,
    /// It is off now, or there are fewer.
    Loses,
    /// Another plan counts now.
    Moves,
    /// The plans say something else now, and something else decides.
    Stays,
}

/// What the change does to organizations that have the same plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Effect {
    /// The plan that they have before.
    pub plan: String,
    /// A flag, `seats` or `plan`.
    pub feature: String,
    /// What becomes of it.
    pub effect: Kind,
    /// What decides that it stays: `override`, `addon` or `trial`; or the plan that they move to. None: the
    /// plans decide.
    pub by: Option<String>,
    /// How many organizations.
    pub organizations: u64,
    /// Which. Empty: not asked for.
    #[serde(deserialize_with = "flat", skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<Uuid>,
}

/// The database gives a list for each class of organizations.
fn flat<'de, D: Deserializer<'de>>(lists: D) -> Result<Vec<Uuid>, D::Error> {
    let mut ids = Vec::<Vec<Uuid>>::deserialize(lists)?.concat();
    ids.sort_unstable();
    Ok(ids)
}

/// What differs, and what that does.
#[derive(Clone, Debug, Deserialize)]
pub struct Effects {
    /// In what the catalogue differs.
    pub changes: Vec<Change>,
    /// What the change does, by plan and flag.
    pub effects: Vec<Effect>,
    /// How many organizations there are.
    pub organizations: u64,
    /// The catalogue before.
    pub before: Catalogue,
}

/// How a change is tried or made.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// Who makes it.
    pub by: &'a str,
    /// Only tried: the database rolls it back.
    pub dry_run: bool,
    /// With the organizations' ids.
    pub show: bool,
    /// Whoever has bought a plan keeps what it had.
    pub for_new: bool,
}

/// Makes the change in the database, or tries it there.
///
/// # Errors
/// [`Error::Refused`] if the database would not have it.
pub async fn in_database(client: &Client, catalogue: &Catalogue, way: Way<'_>) -> Result<Effects, Error> {
    for _ in 1..ATTEMPTS {
        match once(client, catalogue, way).await {
            Err(Error::Context(context::Error::Database(error)))
                if error.code() == Some(&SqlState::T_R_SERIALIZATION_FAILURE) => {}
            done => return done,
        }
    }
    once(client, catalogue, way).await
}

async fn once(client: &Client, catalogue: &Catalogue, way: Way<'_>) -> Result<Effects, Error> {
    // Everything is read as it was at one moment, so that no event between is taken for an effect.
    client.batch_execute(BEGIN).await?;
    let answer = call(client, catalogue, way).await;
    let keep = answer.is_ok() && !way.dry_run;
    let ended = client.batch_execute(if keep { "commit" } else { "rollback" }).await;
    let answer = answer?;
    ended?;
    Ok(answer)
}

async fn call(client: &Client, catalogue: &Catalogue, way: Way<'_>) -> Result<Effects, Error> {
    const SQL: &str = "select billing.pf_apply_catalogue($1, $2, $3, $4, $5)";
    let rows = client
        .query_typed(
            SQL,
            &[
                (&Json(catalogue), Type::JSONB),
                (&way.by, Type::TEXT),
                (&way.dry_run, Type::BOOL),
                (&way.show, Type::BOOL),
                (&way.for_new, Type::BOOL),
            ],
        )
        .await?;
    let unreadable = |why: String| {
        let sentence =
            format!("The database answered what nobody expects: {why}. Run billing migrate first.");
        Error::Context(context::Error::Operation(sentence, Code::DatabaseRefused))
    };
    let row = rows.first().ok_or_else(|| unreadable("no row".to_owned()))?;
    let Json(effects) = row.try_get(0).map_err(|error| unreadable(error.to_string()))?;
    Ok(effects)
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gains => "gain",
            Self::Loses => "lose",
            Self::Moves => "move",
            Self::Stays => "keep",
        })
    }
}
