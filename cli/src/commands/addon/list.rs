//! `billing addon list`.

use std::fmt;

use serde::Serialize;

use super::Error;
use crate::context::{Context, Need};
use crate::extra::{self, Extra, Filter, Which};
use crate::organization::{self, OrgRef};
use crate::{table, when};

/// Lists add-ons, the newest first: those that one-time payments sold, and those that are items of
/// subscriptions.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing addon list
  billing addon list cus_T8wqKzMvNPdX2y
  billing addon list --json | jq '.add_ons[] | select(.state == \"unreadable\")'")]
pub struct Args {
    /// Only those of this organization: its id (a UUID), or a Stripe customer or subscription of it.
    pub org: Option<OrgRef>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
}

/// Add-ons, the newest first.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// The add-ons, the newest first.
    pub add_ons: Vec<Extra>,
    /// There are more than these.
    pub has_more: bool,
    #[serde(skip)]
    of_one: bool,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Listed, Error> {
    context.require(&[Need::Database])?;
    let client = context.database().await?;
    let org = match &args.org {
        Some(named) => Some(organization::find(client, named).await?.id),
        None => None,
    };
    let limit = usize::from(args.limit);
    let filter = Filter { org, which: Which::AddOns, ..Filter::default() };
    let mut add_ons = extra::read(client, filter, i64::from(args.limit) + 1).await?;
    let has_more = add_ons.len() > limit;
    add_ons.truncate(limit);
    Ok(Listed { add_ons, has_more, of_one: org.is_some() })
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.add_ons.is_empty() {
            return f.write_str("There are no add-ons.");
        }
        let head = ["SOLD BY", "FLAGS", "STATE", "SINCE", "UNTIL", "PAID", "ORGANIZATION", "NOTES"];
        let rows: Vec<_> = std::iter::once(head.map(str::to_owned))
            .chain(self.add_ons.iter().map(|one| self.row(one)))
            .collect();
        table::write(f, &rows)?;
        if self.has_more {
            f.write_str("There are more: --limit N shows more of them.")?;
        }
        Ok(())
    }
}

impl Listed {
    fn row(&self, one: &Extra) -> [String; 8] {
        let flags = if one.features.is_empty() { "none".to_owned() } else { one.features.join(", ") };
        // Of one organization everybody knows which.
        let organization = if self.of_one { one.organization.short() } else { one.organization.to_string() };
        [
            one.source.clone(),
            flags,
            one.state.clone().unwrap_or_default().replace('_', " "),
            when::day(one.since),
            one.until.map(when::day).unwrap_or_else(|| "no end".to_owned()),
            one.paid(),
            organization,
            one.notes().join(", "),
        ]
    }
}
