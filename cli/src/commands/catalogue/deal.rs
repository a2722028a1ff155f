//! `billing catalogue deal`.

use std::fmt;

use serde::{Deserialize, Serialize};
use shared::domain::plan::Interval;
use tokio_postgres::types::Type;

use crate::commands::grant::whoever_runs_this;
use crate::commands::products::adopt::{self, SoldPrice, price_id};
use crate::context::{self, Context, Need};
use crate::organization::{self, OrgRef, Organization};
use crate::outcome::{Code, Failure, Report};
use crate::{query, usage, words};

/// Sells a plan to one organization at a price of its own, which somebody made at Stripe.
///
/// A checkout of that plan by that interval then sells this price to it, and its pricing table shows it. If
/// it pays the price already, it has the plan at once. Nothing is changed at Stripe. Run twice, it changes
/// nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing catalogue deal 0a4c2f1e-5b7d-4e0a-9a53-2f6d1b9c7e10 --price price_1SXk2LPp --plan enterprise
  billing catalogue deal cus_T8wqKzMvNPdX2y --price price_1SXk2LPp --plan enterprise --withdraw")]
pub struct Args {
    /// The organization: its id (a UUID), or a Stripe customer or subscription of it.
    pub org: OrgRef,
    /// Stripe's id of the price, `price_...`.
    #[arg(long, value_name = "PRICE", value_parser = price_id)]
    pub price: String,
    /// The plan that it sells.
    #[arg(long, value_name = "PLAN")]
    pub plan: String,
    /// Take the offer back. If the organization pays the price already, it keeps the plan.
    #[arg(long)]
    pub withdraw: bool,
    /// Who does it: kept in the audit trail. Without it, this machine's user and name.
    #[arg(long, value_name = "NAME", value_parser = usage::said)]
    pub by: Option<String>,
}

/// What became of the deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Done {
    /// It stands already.
    Unchanged,
    /// The price was not known.
    Created,
    /// What was known of the price has changed.
    Updated,
    /// The offer is taken back.
    Withdrawn,
}

/// A deal with an organization.
#[derive(Clone, Debug, Serialize)]
pub struct Deal {
    /// With whom.
    pub organization: Organization,
    /// The price as Stripe has it.
    pub price: SoldPrice,
    /// The plan that it sells.
    pub plan_code: String,
    /// What became of it.
    pub done: Done,
    /// The organization pays the price already.
    pub pays: bool,
    /// Who did it.
    pub by: String,
}

/// Why there is no deal: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration, no database, no Stripe, no such organization.
    #[error(transparent)]
    Context(#[from] context::Error),
    /// There is no such plan or price.
    #[error(transparent)]
    Price(#[from] adopt::Error),
    /// Everybody has the plan.
    #[error("Everybody has the plan pilot. Give a plan that is paid for.")]
    Free,
    /// Stripe sells it to nobody.
    #[error("{0} is archived, so nobody can buy it. Restore it at Stripe, or make another price.")]
    Archived(String),
    /// It would be sold twice, or not at all.
    #[error("{0}")]
    Refused(String),
    /// There is nothing to withdraw.
    #[error("{0} has no deal of {1}, so there is nothing to withdraw.")]
    NoDeal(String, String),
}

impl Failure for Error {
    fn code(&self) -> Code {
        match self {
            Self::Context(error) => error.code(),
            Self::Price(error) => error.code(),
            Self::Free => Code::WrongUsage,
            Self::Archived(_) | Self::Refused(_) | Self::NoDeal(..) => Code::Failed,
        }
    }
}

/// What the database answers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Done { done: Done, pays: bool },
    Refused { refused: String, by: Option<String> },
}

/// Makes the deal, or withdraws it.
///
/// # Errors
/// See [`Error`].
pub async fn run(args: Args, context: &Context) -> Result<Deal, Error> {
    context.require(&[Need::Database, Need::Stripe])?;
    let client = context.database().await?;
    let organization = organization::find(client, &args.org).await?;
    let plan_code = adopt::plan(client, &args.plan).await?;
    if plan_code == shared::domain::plan::PlanCode::FREE {
        return Err(Error::Free);
    }
    let price = adopt::price(context.stripe()?, &args.price).await?;
    let by = args.by.unwrap_or_else(whoever_runs_this);
    let org = organization.id.uuid();
    if args.withdraw {
        const STORED: &str = "select to_jsonb(p.plan_code) from billing.prices p
            where p.price_id = $1 and p.org_id = $2 and p.plan_code <> $3";
        let params: query::Params<'_> =
            &[(&price.id, Type::TEXT), (&org, Type::UUID), (&plan_code, Type::TEXT)];
        if let Some(stored) = query::one::<String>(client, STORED, params).await? {
            let sentence =
                format!("{} is a deal of {stored}, not of {plan_code}. Nothing was withdrawn.", price.id);
            return Err(Error::Refused(sentence));
        }
        const SQL: &str = "select to_jsonb(billing.pf_withdraw_deal($1, $2, $3))";
        let params: query::Params<'_> = &[(&org, Type::UUID), (&price.id, Type::TEXT), (&by, Type::TEXT)];
        let done: Option<bool> = query::one(client, SQL, params).await?;
        if done != Some(true) {
            return Err(Error::NoDeal(organization.to_string(), price.id));
        }
        return Ok(Deal { organization, price, plan_code, done: Done::Withdrawn, pays: false, by });
    }
    let offer = price.offer();
    if offer.is_some() && !price.active {
        return Err(Error::Archived(price.id));
    }
    const SQL: &str = "select billing.pf_make_deal($1, $2, $3, $4, $5, $6, $7, $8)";
    let params: query::Params<'_> = &[
        (&org, Type::UUID),
        (&price.id, Type::TEXT),
        (&plan_code, Type::TEXT),
        (&price.livemode, Type::BOOL),
        (&offer.map(|(interval, _)| interval.as_str()), Type::TEXT),
        (&price.currency, Type::TEXT),
        (&offer.map(|(_, amount)| amount), Type::INT4),
        (&by, Type::TEXT),
    ];
    match query::one(client, SQL, params).await? {
        Some(Answer::Done { done, pays }) => Ok(Deal { organization, price, plan_code, done, pays, by }),
        Some(Answer::Refused { refused, by }) => {
            Err(Error::Refused(sentence(&refused, &price, &organization, &by.unwrap_or_default())))
        }
        None => Err(context::Error::UnknownOrganization(organization.to_string()).into()),
    }
}

/// Why it would be sold twice, or not at all.
fn sentence(refused: &str, price: &SoldPrice, organization: &Organization, by: &str) -> String {
    let (id, org) = (&price.id, organization.short());
    match refused {
        "of_another" => format!("{id} is the deal of the organization {by}. Make another price at Stripe."),
        "sold_to_all" => {
            format!("{id} is in the catalogue, as a price of {by}. A deal needs a price of its own.")
        }
        "sells_another" => {
            format!("{id} sells {by}. If that is wrong, run billing products adopt {id} with the right plan.")
        }
        "paid_by_another" => {
            format!("The organization {by} pays {id} already. Make another price at Stripe for {org}.")
        }
        "subscribed" => format!(
            "{org} pays for {by} already, and would pay twice. Change the price of that subscription at \
             Stripe to {id}; then run this again."
        ),
        "has_deal" => format!(
            "{org} has a deal of this plan already: {by}. Withdraw it with billing catalogue deal --withdraw."
        ),
        _ => format!(
            "{id} is paid {}: a checkout sells by the month or by the year, for one amount. Make the \
             subscription at Stripe; then run this again.",
            words::every(&price.interval, price.interval_count)
        ),
    }
}

impl SoldPrice {
    /// By which interval and for how much a checkout can sell it. None: it cannot.
    fn offer(&self) -> Option<(Interval, i32)> {
        let is_sold = self.interval_count == 1 && self.usage_type == "licensed";
        let amount = self.unit_amount.and_then(|amount| i32::try_from(amount).ok())?;
        self.interval.parse().ok().filter(|_| is_sold).map(|interval| (interval, amount))
    }
}

impl Report for Deal {}

impl fmt::Display for Deal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { organization, price, plan_code, by, .. } = self;
        writeln!(f, "{} in {} mode: {}.", price.id, words::mode(price.livemode), price.described())?;
        match (self.done, self.pays) {
            (Done::Withdrawn, _) => writeln!(f, "It is sold to {organization} no more.")?,
            (Done::Unchanged, _) => writeln!(f, "It sells {plan_code} to {organization} already.")?,
            (_, true) => writeln!(f, "It sells {plan_code} to {organization}, which pays it already.")?,
            (_, false) => {
                writeln!(f, "Checkouts sell {plan_code} at it to {organization}, and to nobody else.")?
            }
        }
        write!(f, "By {by}.")
    }
}
