//! GET /api/health: whether the parts that every request needs are there. Open to anyone, so it tells nothing
//! else.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};
use schemars::JsonSchema;
use serde::Serialize;
use shared::app::App;
use shared::db::{self, SCHEMA_VERSION};
use shared::error::Error;
use shared::http::error::ApiError;
use shared::http::response;
use shared::serve::Outdated;

/// Answers 200 if all is well, else 503 with the part that fails.
///
/// # Errors
/// None: a part that fails is the answer.
pub async fn handle(app: &App, _request: Request) -> Result<Response<Body>, ApiError> {
    // A replica may be lost: the primary answers for it.
    let schema = match app.primary().map_or_else(|| app.db(), Ok) {
        Ok(db) => db::health::schema_version(db).await.map_err(Error::from),
        Err(error) => Err(error),
    };
    if let Err(error) = &schema {
        error.log("health");
    }
    let config = &app.config;
    let faults = config.faults();
    for problem in &faults {
        tracing::error!(target: "billing", problem, "the configuration is not complete");
    }
    let health = Health {
        success: false,
        database: Part::from(schema.is_ok()),
        // A newer schema is a deployment under way: migrations only add, so this code still works.
        schema: Part::from(matches!(schema, Ok(Some(version)) if version >= SCHEMA_VERSION)),
        configuration: Part::from(faults.is_empty()),
    };
    let well = [health.database, health.schema, health.configuration].iter().all(|part| *part == Part::Ok);
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response = response::json(status, &Health { success: well, ..health });
    let is_refused = schema.is_err_and(|error| error.may_be_outdated());
    if is_refused || health.configuration == Part::Failing {
        response.extensions_mut().insert(Outdated);
    }
    Ok(response)
}

/// Whether each part is well.
#[derive(Serialize, JsonSchema)]
pub struct Health {
    /// Whether all are.
    success: bool,
    /// The database answers.
    database: Part,
    /// It has all migrations.
    schema: Part,
    /// Every variable is there and can be read.
    configuration: Part,
}

/// Whether a part is well.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "HealthPart")]
pub enum Part {
    /// It is.
    Ok,
    /// It is not; the log says why.
    Failing,
}

impl From<bool> for Part {
    fn from(ok: bool) -> Self {
        if ok { Self::Ok } else { Self::Failing }
    }
}
