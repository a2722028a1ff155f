//! The one thing that the portal is opened for.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::app::App;
use shared::billing::portal_session::{Change, Flow};
use shared::db::organizations::BillingAccount;
use shared::db::plans::{self, Offer, Wanted};
use shared::domain::ids::{OrgId, UserId};
use shared::domain::plan::{Interval, PlanCode};
use shared::http::error::ApiError;
use shared::http::{billing_admin, offer, schema};

/// One thing to do in the portal.
// Plan and interval are read as text, because each word that is none of ours has a failure of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum PortalFlow {
    /// Confirm another plan, interval or number of seats, with what it costs now.
    Update {
        /// The plan.
        #[schemars(with = "PlanCode")]
        plan_code: String,
        /// How often it is paid.
        #[schemars(with = "Interval")]
        interval: String,
        /// How many seats, where several of the plan may be bought. Rounded up to what the plan is sold by.
        /// Without a number it is as many as now, or one of another plan.
        #[serde(default)]
        #[schemars(schema_with = "schema::optional_seats")]
        seats: Option<u32>,
    },
    /// Cancel the subscription.
    Cancel {},
    /// Give another card.
    PaymentMethod {},
}

/// The same with what is known of the plan.
pub(crate) enum Known {
    Update { offer: Offer, quantity: Option<u32> },
    Cancel,
    PaymentMethod,
}

impl Known {
    pub(crate) fn as_flow(&self) -> Flow<'_> {
        match self {
            Self::Update { offer, quantity } => Flow::Update(Change { offer, quantity: *quantity }),
            Self::Cancel => Flow::Cancel,
            Self::PaymentMethod => Flow::PaymentMethod,
        }
    }
}

/// The organization's account, if the user may change its billing, and what is known of the plan that is
/// wanted: one round trip.
///
/// # Errors
/// As `billing_admin::check`; if the plan is not sold like that.
pub(crate) async fn read(
    app: &App,
    user: UserId,
    org: OrgId,
    asked: Option<PortalFlow>,
) -> Result<(BillingAccount, Option<Known>), ApiError> {
    let (db, livemode) = (app.db()?, app.stripe()?.livemode());
    let known = match asked {
        None => None,
        Some(PortalFlow::Cancel {}) => Some(Known::Cancel),
        Some(PortalFlow::PaymentMethod {}) => Some(Known::PaymentMethod),
        Some(PortalFlow::Update { plan_code, interval, seats }) => {
            let plan: PlanCode = plan_code.parse().map_err(|_| ApiError::InvalidPlan)?;
            let interval: Interval = interval.parse().map_err(|_| ApiError::InvalidInterval)?;
            // A subscription keeps its currency.
            let wanted = Wanted { plan: &plan, interval, currency: None };
            let (offer, account) = plans::offer(db, user, org, livemode, wanted).await?;
            // First: what is sold to an organization alone, only its people may learn.
            let account = billing_admin::check(account)?;
            let offer = offer::check(offer)?;
            let stays = account.portal_plan.as_deref() == Some(plan.as_str());
            let quantity = offer::quantity_after(&offer, seats, stays)?;
            return Ok((account, Some(Known::Update { offer, quantity })));
        }
    };
    Ok((billing_admin::require(db, user, org, livemode).await?, known))
}
