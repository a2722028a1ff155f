//! `billing import`: the customers of an application whose customers pay already.

mod application_table;
mod choose;
mod claims;
mod csv_file;
mod error;
mod metadata;
mod problem;
mod report;
mod resume;
mod store;

use std::collections::HashMap;
use std::path::PathBuf;

use shared::app::App;
use shared::billing::limits::{CALLS_PER_SECOND, Limits};
use shared::db::subscriptions::{self, Purpose};
use shared::domain::ids::OrgId;
use shared::error::Error as Operation;
use shared::stripe::Stripe;
use shared::stripe::wire::customer::Customer;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::commands::grant::whoever_runs_this;
use crate::context::{self, Context, Need};
use crate::organization::Organization;
use crate::progress::Progress;
use crate::{query, usage};
use claims::{Claim, Wanted};
use resume::Cursor;

pub use error::Error;
pub use problem::{Kind, Problem};
pub use report::{ImportReport, Imported, PlanNow};

/// What the audit trail names as the cause of what is written.
const CAUSE: &str = "import";

/// Takes over customers who pay already: stores each organization's Stripe customer and fills its
/// subscriptions in.
///
/// Where the application keeps its customers says which one of the three sources it is. Nothing at Stripe is
/// changed but one key of a customer's metadata, and nothing that is stored already is replaced. Ctrl-C ends
/// it after the organization it is at; the same command goes on from there.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("from").required(true).args(["customers", "from_table", "metadata_key"]),
    after_help = "\
Examples:
  billing import --from-table public.subscriptions --dry-run    what would come of it, without a change
  billing import --from-table public.subscriptions
  billing import --from-table app.accounts --org-column id --customer-column stripe_id
  billing import --customers customers.csv    with the columns org_id and stripe_customer_id
  billing import --metadata-key orgId         the customers' or subscriptions' metadata at Stripe

Exit status 1 if something is left to mend, or it was stopped."
)]
pub struct Args {
    /// A CSV file with the columns org_id and stripe_customer_id.
    #[arg(long, value_name = "FILE")]
    pub customers: Option<PathBuf>,
    /// A table or view of the application, as schema.table.
    #[arg(long, value_name = "TABLE")]
    pub from_table: Option<String>,
    /// The table's column with the organization's id.
    #[arg(long, value_name = "COLUMN", default_value = "org_id",
        conflicts_with_all = ["customers", "metadata_key"])]
    pub org_column: String,
    /// The table's column with the Stripe customer's id.
    #[arg(long, value_name = "COLUMN", default_value = "stripe_customer_id",
        conflicts_with_all = ["customers", "metadata_key"])]
    pub customer_column: String,
    /// The name under which metadata at Stripe holds the organization's id.
    #[arg(long, value_name = "KEY", value_parser = usage::said)]
    pub metadata_key: Option<String>,
    /// Only tell what would come of it.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not write org_id into the customers' metadata at Stripe.
    #[arg(long)]
    pub no_stripe_metadata: bool,
    /// Who does it: kept in the audit trail. Without it, this machine's user and name.
    #[arg(long, value_name = "NAME", value_parser = usage::said)]
    pub by: Option<String>,
    /// Calls to Stripe in a second, at most.
    #[arg(long, value_name = "N", default_value_t = CALLS_PER_SECOND,
        value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rate: u32,
    /// Begin at the top, even if one was interrupted.
    #[arg(long, conflicts_with = "dry_run")]
    pub restart: bool,
}

/// What the parts of an import work with.
struct Import<'a> {
    context: &'a Context,
    client: &'a Client,
    app: App,
    stripe: &'a Stripe,
    livemode: bool,
    limits: Limits,
    dry_run: bool,
    stripe_metadata: bool,
    by: String,
    source: String,
    /// Customers that were read already.
    known: HashMap<String, Customer>,
}

/// Imports, or with `dry_run` tells what would come of it.
///
/// # Errors
/// If the source cannot be read, or Stripe or the database fails. What was written stays, and the next run
/// goes on there.
pub async fn run(args: Args, context: &Context) -> Result<ImportReport, Error> {
    context.require(&[Need::Database, Need::Stripe, Need::Rules])?;
    let stripe = context.stripe()?;
    let mut import = Import {
        context,
        client: context.database().await?,
        app: context.app(),
        stripe,
        livemode: stripe.livemode(),
        limits: context.limits(args.rate),
        dry_run: args.dry_run,
        stripe_metadata: !args.no_stripe_metadata,
        by: args.by.clone().unwrap_or_else(whoever_runs_this),
        source: String::new(),
        known: HashMap::new(),
    };
    let mut report = ImportReport {
        dry_run: args.dry_run,
        livemode: import.livemode,
        complete: true,
        ..ImportReport::default()
    };
    let claims = import.read(&args, &mut report).await?;
    report.source.clone_from(&import.source);
    let sorted = claims::sort(claims);
    report.without_customer = sorted.without;
    report.problems.extend(sorted.problems);
    if report.complete {
        import.organizations(sorted.wanted, args.restart, &mut report).await?;
    }
    Ok(report)
}

impl Import<'_> {
    /// Reads the source.
    async fn read(&mut self, args: &Args, report: &mut ImportReport) -> Result<Vec<Claim>, Error> {
        if let Some(path) = &args.customers {
            self.source = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            return csv_file::read(path);
        }
        if let Some(table) = &args.from_table {
            self.source = format!("table {table}");
            let (org, customer) = (&args.org_column, &args.customer_column);
            let (claims, note) = application_table::read(self.client, table, org, customer).await?;
            report.problems.extend(note);
            return Ok(claims);
        }
        let key = args.metadata_key.as_deref().unwrap_or_default();
        self.source = format!("metadata {key}");
        let listed = self.list_metadata(key).await?;
        report.complete = !listed.stopped;
        self.known = listed.customers;
        Ok(listed.claims)
    }

    /// One organization after another.
    async fn organizations(
        &self,
        wanted: Vec<Wanted>,
        restart: bool,
        report: &mut ImportReport,
    ) -> Result<(), context::Error> {
        let ids: Vec<OrgId> = wanted.iter().map(|wanted| wanted.org).collect();
        let mut existing = existing(self.client, &ids).await?;
        let mut before = self.plans(&ids).await?;
        let (wanted, unknown): (Vec<Wanted>, Vec<Wanted>) =
            wanted.into_iter().partition(|wanted| existing.contains_key(&wanted.org.uuid()));
        report.problems.extend(unknown.iter().map(store::unknown));
        let mut cursor = Cursor::new(&self.app, self.livemode);
        if restart {
            cursor.forget().await?;
        }
        let done = if self.dry_run { 0 } else { cursor.find(&wanted).await? };
        let mut progress = Progress::start(self.context, "organizations", Some((wanted.len() - done) as u64));
        if done > 0 {
            let after = wanted[done - 1].org;
            progress.tell(&format!("Going on after {after}; --restart begins at the top."));
            report.resumed_after = Some(after);
        }
        let told = report.problems.len();
        for wanted in &wanted[done..] {
            if self.limits.are_reached() {
                report.complete = false;
                return Ok(());
            }
            let org = wanted.org.uuid();
            let organization = existing.remove(&org).unwrap_or(Organization { id: wanted.org, name: None });
            let before = before.remove(&org).unwrap_or_default();
            self.organization(organization, wanted, before, report).await?;
            // After a problem the next run begins there: else an interrupted one would have told nobody.
            if !self.dry_run && report.problems[told..].iter().all(|problem| problem.kind.is_note()) {
                cursor.reach(wanted).await?;
                report.stopped_after = Some(wanted.org);
            }
            progress.add(1);
        }
        report.stopped_after = None;
        if !self.dry_run {
            cursor.forget().await?;
        }
        Ok(())
    }

    async fn organization(
        &self,
        organization: Organization,
        wanted: &Wanted,
        before: PlanNow,
        report: &mut ImportReport,
    ) -> Result<(), context::Error> {
        // The versions are noted before Stripe is asked: the read rule.
        let inquiry = subscriptions::inquiry(self.app.resources().db()?, wanted.org, self.livemode).await;
        let versions = inquiry.map_err(Operation::from)?.versions;
        let Some(candidate) = self.choose(wanted, &versions, &mut report.problems).await? else {
            return Ok(());
        };
        let imported = self.import(organization, wanted, before, candidate, &mut report.problems).await?;
        imported.into_iter().for_each(|imported| report.add(imported));
        Ok(())
    }

    fn purpose(&self) -> Purpose<'static> {
        Purpose { cause: CAUSE, grace_days: self.context.config.grace_days, dry_run: self.dry_run }
    }

    /// The plans that they have now.
    async fn plans(&self, ids: &[OrgId]) -> Result<HashMap<Uuid, PlanNow>, context::Error> {
        const SQL: &str = "select coalesce(jsonb_object_agg(p.org_id, to_jsonb(p)), '{}')
            from billing.plan_effective p where p.org_id = any ($1)";
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        Ok(query::one(self.client, SQL, &[(&ids, Type::UUID_ARRAY)]).await?.unwrap_or_default())
    }
}

/// Those of the organizations that the application has.
async fn existing(client: &Client, ids: &[OrgId]) -> Result<HashMap<Uuid, Organization>, context::Error> {
    const SQL: &str = "select jsonb_build_object('id', o.id, 'name', nullif(o.name, ''))
        from unnest($1::uuid[]) as one cross join lateral billing_private.existing_organization(one) o";
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let found: Vec<Organization> = query::all(client, SQL, &[(&ids, Type::UUID_ARRAY)]).await?;
    Ok(found.into_iter().map(|organization| (organization.id.uuid(), organization)).collect())
}
