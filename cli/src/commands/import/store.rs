//! One organization: what would come of it, in a transaction that is rolled back, and doing it.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use shared::billing::read_subscriptions;
use shared::billing::streak::Streak;
use shared::db::argument;
use shared::db::subscriptions::{ApplyReads, Comparison, ComparisonOutcome, SubscriptionRead};
use shared::domain::ids::OrgId;
use shared::error::Error as Operation;
use shared::stripe::IdempotencyKey;
use shared::stripe::wire::Object;
use stripe_core::customer::UpdateCustomer;
use tokio_postgres::types::Type;

use super::choose::Candidate;
use super::claims::{Place, Wanted};
use super::problem::{Kind, Problem};
use super::report::{Imported, PlanNow};
use super::{Import, existing};
use crate::context;
use crate::organization::Organization;
use crate::outcome::Done;
use crate::query;
use crate::words::counted;

/// What `pf_import_customer` answers.
#[derive(Deserialize)]
struct Answer {
    outcome: Verdict,
    other: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Stored,
    Same,
    UnknownOrganization,
    Taken,
    OrganizationHasAnother,
}

/// What is in the database after it.
struct After {
    done: Done,
    subscriptions: u64,
    plan: PlanNow,
    unknown: Vec<UnknownPrice>,
}

/// A live subscription that grants less than what it was sold for, because its price says nothing that we
/// know.
#[derive(Deserialize)]
struct UnknownPrice {
    subscription: String,
    customer: Option<String>,
    status: String,
    price: String,
}

impl UnknownPrice {
    fn problem(self, org: OrgId) -> Problem {
        let Self { subscription, customer, status, price } = self;
        let sentence = format!(
            "{subscription} of {org} is {status} at {price}, and nothing says which plan that is: it \
             counts as pilot. \
             Type billing products adopt {price} --plan PLAN."
        );
        Problem::new(Kind::UnknownPlan, sentence).of(org).about(customer.as_deref().unwrap_or(&subscription))
    }
}

impl Import<'_> {
    /// Imports the customer, or tells what would come of it. None: `problems` tells why nothing did.
    pub(super) async fn import(
        &self,
        organization: Organization,
        wanted: &Wanted,
        before: PlanNow,
        candidate: Candidate,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Imported>, context::Error> {
        let metadata = match self.metadata(wanted, &candidate).await? {
            Ok(metadata) => metadata,
            Err(problem) if problem.kind == Kind::MetadataNamesAnother => {
                problems.push(problem);
                return Ok(None);
            }
            Err(note) => {
                problems.push(note);
                Done::Unchanged
            }
        };
        let customer = candidate.customer.id.clone();
        let after = if self.purpose().dry_run {
            self.preview(wanted, &candidate).await?
        } else {
            self.carry_out(wanted, candidate, metadata, problems).await?
        };
        Ok(match after {
            Ok(After { done, subscriptions, plan, unknown }) => {
                problems.extend(unknown.into_iter().map(|unknown| unknown.problem(wanted.org)));
                Some(Imported { organization, customer, done, metadata, subscriptions, before, plan })
            }
            Err(problem) => {
                problems.push(problem);
                None
            }
        })
    }

    /// What is to be done to the customer's metadata at Stripe.
    async fn metadata(
        &self,
        wanted: &Wanted,
        candidate: &Candidate,
    ) -> Result<Result<Done, Problem>, context::Error> {
        let (org, id) = (wanted.org, &candidate.customer.id);
        let said = candidate.customer.metadata.get("org_id").map(str::trim).filter(|said| !said.is_empty());
        let Some(said) = said else {
            return Ok(Ok(if self.stripe_metadata { Done::Updated } else { Done::Unchanged }));
        };
        let named: Option<OrgId> = said.parse().ok();
        if named == Some(org) {
            return Ok(Ok(Done::Unchanged));
        }
        if let Some(named) = named
            && !existing(self.client, &[named]).await?.is_empty()
        {
            let sentence = format!(
                "{id} of {org} is {named}'s, as its metadata org_id at Stripe says{}. Mend the one that is \
                 wrong.",
                candidate.place.aside()
            );
            return Ok(Err(Problem::new(Kind::MetadataNamesAnother, sentence)
                .of(org)
                .about(id)
                .at(&candidate.place)));
        }
        let sentence = format!("The metadata of {id} at Stripe says org_id {said:?}, which was left so.");
        Ok(Err(Problem::new(Kind::MetadataKept, sentence).of(org).about(id).at(&candidate.place)))
    }

    /// The same function and the same read rule, rolled back: the plan is what the database itself says.
    async fn preview(
        &self,
        wanted: &Wanted,
        candidate: &Candidate,
    ) -> Result<Result<After, Problem>, context::Error> {
        self.client.batch_execute("begin").await?;
        let tried = self.try_out(wanted, candidate).await;
        self.client.batch_execute("rollback").await?;
        tried
    }

    async fn try_out(
        &self,
        wanted: &Wanted,
        candidate: &Candidate,
    ) -> Result<Result<After, Problem>, context::Error> {
        let done = match self.store(wanted, &candidate.customer.id, &candidate.place).await? {
            Ok(done) => done,
            Err(problem) => return Ok(Err(problem)),
        };
        let mut purpose = self.purpose();
        purpose.dry_run = false;
        let seen: Vec<SubscriptionRead> = candidate.seen().cloned().collect();
        let reads = argument::json(&ApplyReads::new(purpose, &seen)).map_err(Operation::from)?;
        let compared: Option<Vec<Comparison>> =
            query::one(self.client, "select billing.pf_apply_reads($1)", &[(&reads, Type::JSONB)]).await?;
        let written = compared
            .unwrap_or_default()
            .iter()
            .filter(|one| one.outcome == ComparisonOutcome::Applied)
            .count();
        self.after(wanted.org, done, written as u64).await.map(Ok)
    }

    /// Stores the customer first: whatever is cut off then, the next run finds it and does what is missing.
    async fn carry_out(
        &self,
        wanted: &Wanted,
        candidate: Candidate,
        metadata: Done,
        problems: &mut Vec<Problem>,
    ) -> Result<Result<After, Problem>, context::Error> {
        let id = candidate.customer.id;
        let done = match self.store(wanted, &id, &candidate.place).await? {
            Ok(done) => done,
            Err(problem) => return Ok(Err(problem)),
        };
        if metadata == Done::Updated {
            self.limits.pace().await;
            let named = HashMap::from([("org_id".to_owned(), wanted.org.to_string())]);
            let request = UpdateCustomer::new(id.as_str()).metadata(named);
            self.stripe.post::<Object>(&request, &IdempotencyKey::unique()).await?;
        }
        let mut subscriptions = 0;
        for listed in candidate.listed {
            let tally = read_subscriptions::write(
                &self.app.resources(),
                self.purpose(),
                listed,
                &self.limits,
                &mut Streak::default(),
            )
            .await?
            .whole()?
            .tally;
            subscriptions += tally.repaired;
            let open = tally.drifted - tally.repaired;
            if open > 0 {
                let sentence = format!(
                    "{} of {id} changed at every read: type billing backfill --org {}.",
                    counted(open, "subscription"),
                    wanted.org
                );
                problems.push(Problem::new(Kind::Unexplained, sentence).of(wanted.org).about(&id));
            }
        }
        self.after(wanted.org, done, subscriptions).await.map(Ok)
    }

    async fn store(
        &self,
        wanted: &Wanted,
        customer: &str,
        place: &Place,
    ) -> Result<Result<Done, Problem>, context::Error> {
        const SQL: &str = "select billing.pf_import_customer($1, $2, $3, $4, $5)";
        let org = wanted.org.uuid();
        let aside = place.aside();
        let params: query::Params<'_> = &[
            (&org, Type::UUID),
            (&self.livemode, Type::BOOL),
            (&customer, Type::TEXT),
            (&self.by, Type::TEXT),
            (&self.source, Type::TEXT),
        ];
        let answer: Option<Answer> = query::one(self.client, SQL, params).await?;
        let (stored, other) = answer.map_or((Verdict::UnknownOrganization, String::new()), |answer| {
            (answer.outcome, answer.other.unwrap_or_default())
        });
        let (kind, sentence) = match stored {
            Verdict::Stored => return Ok(Ok(Done::Created)),
            Verdict::Same => return Ok(Ok(Done::Unchanged)),
            Verdict::UnknownOrganization => return Ok(Err(unknown(wanted))),
            Verdict::Taken => {
                (Kind::Taken, format!("{customer} of {org} is stored as {other}'s already{aside}."))
            }
            Verdict::OrganizationHasAnother => (
                Kind::OrganizationHasAnother,
                format!(
                    "{org} has {other} already, which stays: {customer} was not stored{aside}. If {customer} \
                     has a live subscription, write org_id into its metadata at Stripe: then it counts as \
                     well."
                ),
            ),
        };
        Ok(Err(Problem::new(kind, sentence).of(wanted.org).about(customer).at(place)))
    }

    async fn after(&self, org: OrgId, done: Done, subscriptions: u64) -> Result<After, context::Error> {
        const SQL: &str = "
            select coalesce(jsonb_agg(jsonb_build_object('subscription', s.stripe_subscription_id,
              'customer', s.stripe_customer_id, 'status', s.status, 'price', s.unknown_price)), '[]')
            from billing.subscriptions s
            where s.org_id = $1 and s.unknown_price is not null and s.plan_code = 'pilot'
              and billing_private.is_live(s.status)";
        let unknown: Option<Vec<UnknownPrice>> =
            query::one(self.client, SQL, &[(&org.uuid(), Type::UUID)]).await?;
        let unknown = unknown.unwrap_or_default();
        Ok(After { done, subscriptions, plan: self.plan(org).await?, unknown })
    }

    async fn plan(&self, org: OrgId) -> Result<PlanNow, context::Error> {
        const SQL: &str = "select to_jsonb(p) from billing.plan_effective p where p.org_id = $1";
        let plan: Option<Value> = query::one(self.client, SQL, &[(&org.uuid(), Type::UUID)]).await?;
        Ok(plan.and_then(|plan| serde_json::from_value(plan).ok()).unwrap_or_default())
    }
}

/// The application has no such organization.
pub(super) fn unknown(wanted: &Wanted) -> Problem {
    let sentence = format!("There is no organization {} ({}).", wanted.org, wanted.place());
    Problem::new(Kind::UnknownOrganization, sentence).of(wanted.org).at(wanted.place())
}
