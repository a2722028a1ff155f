//! What became of a catalogue, or would.

use std::fmt;

use serde::Serialize;

use super::effect::{Change, Effect, Effects, Kind, Way};
use super::stripe::StripeReport;
use crate::commands::portal_configuration;
use crate::outcome::Report;
use crate::{table, words};

/// The exit status if somebody would lose something.
const SOMEBODY_LOSES: u8 = 3;

/// A price that is not sold any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Archived {
    /// Our name for it.
    pub lookup_key: String,
    /// Its id.
    pub price: String,
    /// Why Stripe would not archive it. None: it did, or would be asked to.
    pub refused: Option<String>,
}

/// What was done, or would be.
#[derive(Clone, Debug, Serialize)]
pub struct CatalogueReport {
    /// A dry run: nothing was changed.
    pub dry_run: bool,
    /// Who did it.
    pub by: String,
    /// For new ones alone: whoever has bought a plan keeps what it had.
    pub for_new: bool,
    /// How many organizations were compared.
    pub organizations: u64,
    /// In what the catalogue differs from the database's.
    pub changes: Vec<Change>,
    /// What organizations gain and lose, by plan and flag.
    pub effects: Vec<Effect>,
    /// What was done at Stripe.
    #[serde(flatten)]
    pub stripe: StripeReport,
}

impl CatalogueReport {
    pub(super) fn new(effects: Effects, stripe: StripeReport, way: Way<'_>) -> Self {
        let Effects { changes, effects, organizations, .. } = effects;
        let (dry_run, by, for_new) = (way.dry_run, way.by.to_owned(), way.for_new);
        Self { dry_run, by, for_new, organizations, changes, effects, stripe }
    }

    /// Whether anything was done, or would be.
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty() || self.stripe.has_changes()
    }
}

impl Report for CatalogueReport {
    fn status(&self) -> u8 {
        let somebody_loses = self.effects.iter().any(|effect| effect.effect == Kind::Loses);
        if self.dry_run && somebody_loses { SOMEBODY_LOSES } else { 0 }
    }
}

impl fmt::Display for CatalogueReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.has_changes() {
            return f.write_str("The database and Stripe say what the file says already.");
        }
        if !self.changes.is_empty() {
            let head = ["PLAN", "FIELD", "BEFORE", "AFTER"].map(str::to_owned);
            let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            let row = |change: &Change| {
                [said(&change.plan), change.field.clone(), said(&change.from), said(&change.to)]
            };
            let rows: Vec<_> = std::iter::once(head).chain(self.changes.iter().map(row)).collect();
            table::write(f, &rows)?;
            writeln!(f)?;
        }
        for effect in &self.effects {
            writeln!(f, "{}", sentence(effect))?;
            for id in &effect.ids {
                writeln!(f, "  {id}")?;
            }
        }
        let counted = words::counted(self.organizations, "organization");
        match self.effects.is_empty() {
            true => writeln!(f, "{counted} compared: nobody gains or loses anything.\n")?,
            false => writeln!(f, "{counted} compared.\n")?,
        }
        if self.for_new && !self.changes.is_empty() {
            f.write_str("Whoever has bought a plan keeps the flags and seats that it had.\n\n")?;
        }
        self.write_stripe(f)?;
        match self.dry_run {
            true => f.write_str("\nNothing was changed: this is what would be done."),
            false => write!(f, "\nDone by {}.", self.by),
        }
    }
}

impl CatalogueReport {
    fn write_stripe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.stripe.products)?;
        for line in &self.stripe.archived {
            let what = format!("{} ({})", line.lookup_key, line.price);
            match &line.refused {
                Some(why) => writeln!(f, "Warning: {what} is sold no more, and stays active: {why}.")?,
                None if self.dry_run => writeln!(f, "{what} would be archived.")?,
                None => writeln!(f, "{what} is archived.")?,
            }
        }
        match &self.stripe.portal {
            None => writeln!(f, "The portal would name the new prices."),
            Some(portal) if portal.done == portal_configuration::Done::Unchanged => {
                writeln!(f, "The portal is as it should be.")
            }
            Some(_) if self.dry_run => writeln!(f, "The portal would be brought up to date."),
            Some(_) => writeln!(f, "The portal is up to date."),
        }
    }
}

/// `12 organizations on pro lose hasAPI.`
fn sentence(effect: &Effect) -> String {
    let many = words::counted(effect.organizations, "organization");
    let (plan, feature, by) = (&effect.plan, &effect.feature, effect.by.as_deref().unwrap_or_default());
    let verb =
        if effect.organizations == 1 { format!("{}s", effect.effect) } else { effect.effect.to_string() };
    match effect.effect {
        Kind::Moves => format!("{many} on {plan} {verb} to {by}."),
        Kind::Stays => format!("{many} on {plan} {verb} {feature} as it is, by {by}."),
        Kind::Gains | Kind::Loses => format!("{many} on {plan} {verb} {feature}."),
    }
}
