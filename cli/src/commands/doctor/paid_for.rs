//! Whether whoever pays has what they pay for: prices that no plan is known for, add-ons that nobody can
//! read, disputes, and what strangers pay.

use serde::Deserialize;

use super::DoctorReport;
use crate::context::Context;
use crate::query;
use crate::words::counted;

/// What one check found.
#[derive(Debug, Default, Deserialize)]
struct Found {
    kind: String,
    /// How many.
    things: u64,
    /// The subscriptions that they are about.
    subscriptions: u64,
    /// Somebody pays, and has nothing for it.
    has_nothing: bool,
    /// Three of them, as people read them.
    some: Vec<String>,
}

pub(super) async fn check(context: &Context, report: &mut DoctorReport) {
    let Ok(client) = context.database().await else {
        // Told above.
        return;
    };
    let mut found: Vec<Found> = match query::all(client, include_str!("paid_for.sql"), &[]).await {
        Ok(found) => found,
        Err(error) => return report.impossible("unknown_prices", error),
    };
    let mut of = |kind: &str| {
        let place = found.iter().position(|found| found.kind == kind);
        place.map(|place| found.swap_remove(place)).unwrap_or_default()
    };
    unknown_prices(&of("unknown_prices"), report);
    unreadable_addons(&of("unreadable_addons"), report);
    disputes(&of("disputes"), report);
    strangers(&of("strangers"), report);
}

fn unknown_prices(found: &Found, report: &mut DoctorReport) {
    const CHECK: &str = "unknown_prices";
    const MEND: &str = "If the price sells a plan, run billing products adopt PRICE --plan PLAN: whoever \
                        pays it has the plan at once. If it sells seats or an add-on, write seats_per_unit \
                        or addon_flags into its metadata at Stripe.";
    if found.things == 0 {
        return report.ok(CHECK, "every live subscription is at a price that is known");
    }
    let told = format!(
        "{} at {} that no plan is known for: {}",
        counted(found.subscriptions, "live subscription"),
        counted(found.things, "price"),
        found.told()
    );
    // Failing: somebody pays and has the free plan.
    match found.has_nothing {
        true => report.failing(CHECK, told, MEND),
        false => report.warning(CHECK, told, MEND),
    }
}

fn unreadable_addons(found: &Found, report: &mut DoctorReport) {
    const CHECK: &str = "unreadable_addons";
    if found.things == 0 {
        return report.ok(CHECK, "the metadata of all that was sold can be read");
    }
    report.failing(
        CHECK,
        format!("{} that nobody can read: {}", counted(found.things, "sale"), found.told()),
        "Grant what was bought: billing grant ORG FLAG --until DATE --reason TEXT. Mend the metadata at \
         Stripe; of a payment that is settled so, run billing addon end ORG SESSION --reason TEXT.",
    );
}

fn disputes(found: &Found, report: &mut DoctorReport) {
    const CHECK: &str = "disputes";
    if found.things == 0 {
        return report.ok(CHECK, "none is open");
    }
    report.warning(
        CHECK,
        format!("{} open: {}", counted(found.things, "dispute"), found.told()),
        "Answer it in Stripe's Dashboard before its deadline; billing explain ORG shows the charge.",
    );
}

/// Nothing is wrong with those: it is how links are sold.
fn strangers(found: &Found, report: &mut DoctorReport) {
    const CHECK: &str = "strangers";
    if found.things == 0 {
        return report.ok(CHECK, "every live subscription is its organization's own");
    }
    report.ok(
        CHECK,
        format!(
            "{} bought through a link for an organization by somebody else's customer: {}",
            counted(found.things, "live subscription"),
            found.told()
        ),
    );
}

impl Found {
    fn told(&self) -> String {
        let rest = self.things.saturating_sub(self.some.len() as u64);
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        format!("{}{more}", self.some.join(", "))
    }
}
