//! `billing portal-configuration`: what customers may do in Stripe's customer portal.

mod carry_over;
mod features;

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use shared::stripe::wire::Metadata;
use shared::stripe::{self, IdempotencyKey, Stripe};
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest};
use stripe_product::price::RetrievePrice;
use tokio_postgres::Client;

use crate::catalog::{self, Plan, Price};
use crate::context::{self, Context, Need};
pub use crate::outcome::Done;
use crate::outcome::{self, Code, Failure};
use features::Features;

/// Says in Stripe's customer portal what customers may do: change between the paid plans, cancel, pay, see
/// their invoices.
///
/// The account's default configuration is changed, which is the one the portal function opens. Changes to a
/// cheaper plan or a shorter interval wait for the end of the period; others are invoiced at once. What was
/// switched on besides stays: further fields, prices, products and limits of seats. Run it after billing
/// products: it names the prices. Run twice, it changes nothing.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
#[command(after_help = "\
Examples:
  billing portal-configuration --dry-run    what would be done
  billing products && billing portal-configuration")]
pub struct Args {
    /// Only say what would be done.
    #[arg(long)]
    pub dry_run: bool,
}

/// The configuration, and what was done to it.
#[derive(Clone, Debug, Serialize)]
pub struct PortalConfigurationReport {
    /// A dry run: nothing was changed.
    pub dry_run: bool,
    /// The mode of the key.
    pub livemode: bool,
    /// Its id. None: it would be created.
    pub configuration: Option<String>,
    /// Whether portal sessions use it.
    pub is_default: bool,
    /// What was done to it, or would be.
    pub done: Done,
    /// The fields that differed, by Stripe's names.
    pub changes: Vec<String>,
    /// The prices that customers may change between, by lookup key, or by id where one has none.
    pub prices: Vec<String>,
}

/// Why the portal is not up to date: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no Stripe.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// There is nothing to change between.
    #[error("Stripe has no active price {}. Run billing products first.", .0.join(", "))]
    NoPrices(Vec<String>),
}

impl From<stripe::Error> for Error {
    fn from(error: stripe::Error) -> Self {
        Self::Context(error.into())
    }
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::NoPrices(_) => Code::Failed,
        }
    }
}

const MANAGED_BY: (&str, &str) = ("managed_by", "promptforge-billing");
/// Stripe leaves this out of an answer that does not ask for it.
const EXPANDED: &str = "features.subscription_update.products";

/// A configuration, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Configuration {
    id: String,
    active: bool,
    is_default: bool,
    features: Features,
    #[serde(default)]
    metadata: Metadata,
}

/// Creates a configuration, or changes one.
struct Save<'a> {
    path: String,
    features: &'a Features,
}

impl StripeRequest for Save<'_> {
    type Output = ();

    fn build(&self) -> RequestBuilder {
        #[derive(Serialize)]
        struct Form<'a> {
            features: &'a Features,
            metadata: HashMap<&'a str, &'a str>,
            expand: [&'a str; 1],
        }
        let metadata = HashMap::from([MANAGED_BY]);
        let form = Form { features: self.features, metadata, expand: [EXPANDED] };
        RequestBuilder::new(StripeMethod::Post, self.path.as_str()).form(&form)
    }
}

/// Lists the active configurations.
struct List;

impl StripeRequest for List {
    type Output = ();

    fn build(&self) -> RequestBuilder {
        #[derive(Serialize)]
        struct Query {
            active: bool,
            limit: u8,
            expand: [String; 1],
        }
        let expand = [format!("data.{EXPANDED}")];
        RequestBuilder::new(StripeMethod::Get, PATH).query(&Query { active: true, limit: 100, expand })
    }
}

const PATH: &str = "/billing_portal/configurations";

/// Brings the portal up to date.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<PortalConfigurationReport, Error> {
    context.require(&[Need::Database, Need::Stripe])?;
    set_up(context.database().await?, context.stripe()?, args.dry_run).await
}

/// The same for whoever has a database and a Stripe already.
///
/// # Errors
/// See [`Error`].
pub async fn set_up(
    database: &Client,
    stripe: &Stripe,
    dry_run: bool,
) -> Result<PortalConfigurationReport, Error> {
    bring_up_to_date(&catalog::plans(database).await?, stripe, dry_run).await
}

/// The same for these plans, whatever the table says.
pub(crate) async fn bring_up_to_date(
    plans: &[Plan],
    stripe: &Stripe,
    dry_run: bool,
) -> Result<PortalConfigurationReport, Error> {
    let prices = paid_prices(stripe, plans).await?;
    let mut wanted = Features::wanted(&prices);
    let all: Vec<Configuration> = stripe.list(&List).await?;
    let is_ours =
        |found: &&Configuration| found.active && found.metadata.get(MANAGED_BY.0) == Some(MANAGED_BY.1);
    let current = all.iter().find(|found| found.is_default).or_else(|| all.iter().find(is_ours));
    let mut names: Vec<String> =
        prices.into_iter().map(|(_, price)| price.lookup_key.unwrap_or(price.id)).collect();
    if let Some(found) = current {
        let others = carry_over::others(stripe, &wanted, &found.features).await?;
        wanted = carry_over::keep(wanted, &found.features, &others);
        names.extend(others.into_values().map(|price| price.lookup_key.unwrap_or(price.id)));
    }
    let mut report = PortalConfigurationReport {
        dry_run,
        livemode: stripe.livemode(),
        configuration: current.map(|found| found.id.clone()),
        is_default: current.is_some_and(|found| found.is_default),
        done: Done::Unchanged,
        changes: Vec::new(),
        prices: names,
    };
    let path = match current {
        Some(found) => {
            report.changes = found.features.clone().in_order().differences(&wanted);
            if found.metadata.get(MANAGED_BY.0) != Some(MANAGED_BY.1) {
                report.changes.push("metadata".to_owned());
            }
            if report.changes.is_empty() {
                return Ok(report);
            }
            report.done = Done::Updated;
            format!("{PATH}/{}", found.id)
        }
        None => {
            report.done = Done::Created;
            PATH.to_owned()
        }
    };
    if !dry_run {
        let request = Save { path, features: &wanted };
        // A change may be made again. Configurations cannot be deleted, so a creation that is repeated is the
        // same one.
        let key = match report.done {
            Done::Created => IdempotencyKey::for_request("create the portal configuration", &request),
            _ => IdempotencyKey::unique(),
        };
        let saved: Configuration = stripe.post(&request, &key).await?;
        report.is_default = saved.is_default;
        report.configuration = Some(saved.id);
    }
    Ok(report)
}

/// The prices of the plans that are paid for: nobody changes to or from the free one in the portal, one
/// cancels.
async fn paid_prices<'a>(stripe: &Stripe, plans: &'a [Plan]) -> Result<Vec<(&'a Plan, Price)>, Error> {
    let paid = plans.iter().filter(|plan| !plan.code.is_free());
    let keys: Vec<(&Plan, &String)> =
        paid.flat_map(|plan| plan.prices.iter().map(move |price| (plan, &price.lookup_key))).collect();
    let names: Vec<String> = keys.iter().map(|(_, key)| (*key).clone()).collect();
    let found = catalog::prices_by_key(stripe, &names).await?;
    let price =
        |key: &String| found.iter().find(|price| price.active && price.lookup_key.as_ref() == Some(key));
    let missing: Vec<String> = names.iter().filter(|key| price(key).is_none()).cloned().collect();
    if !missing.is_empty() {
        return Err(Error::NoPrices(missing));
    }
    let mut prices: Vec<(&Plan, Price)> =
        keys.into_iter().filter_map(|(plan, key)| Some((plan, price(key)?.clone()))).collect();
    for plan in plans {
        for id in plan.sold_by_id() {
            let price: Price = stripe.get(&RetrievePrice::new(id.as_str())).await?;
            // Of one product, Stripe's portal takes one price by each interval.
            let is_taken = |(_, other): &(&Plan, Price)| {
                other.product.0 == price.product.0 && other.by_interval() == price.by_interval()
            };
            if price.active && !prices.iter().any(is_taken) {
                prices.push((plan, price));
            }
        }
    }
    Ok(prices)
}

impl outcome::Report for PortalConfigurationReport {
    fn is_well(&self) -> bool {
        self.is_default || self.dry_run
    }
}

impl fmt::Display for PortalConfigurationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.configuration.as_deref().unwrap_or("The portal configuration");
        let would = if self.dry_run { "would be " } else { "" };
        match self.done {
            Done::Unchanged => writeln!(f, "{id} is up to date.")?,
            Done::Created => writeln!(f, "{id}: {would}created.")?,
            Done::Updated => writeln!(f, "{id}: {would}updated ({}).", self.changes.join(", "))?,
        }
        let mode = if self.livemode { "live" } else { "test" };
        writeln!(f, "{mode} mode, plan changes among {}.", self.prices.join(", "))?;
        if !self.is_default {
            let page = if self.livemode { "" } else { "test/" };
            writeln!(
                f,
                "Stripe makes no default configuration through its API, and the portal opens with the \
                 default: save the settings once at \
                 https://dashboard.stripe.com/{page}settings/billing/portal, then run this again."
            )?;
        }
        Ok(())
    }
}
