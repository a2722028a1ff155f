//! Stripe: reached, with our prices, our portal and a clock like ours.

use shared::stripe::Stripe;
use url::Url;

use super::{DoctorReport, destinations};
use crate::catalog;
use crate::commands::{portal_configuration, products};
use crate::context::{self, Context};

/// By how much our clock and Stripe's may differ, in milliseconds. The order of events does not depend on it
/// (docs/RELIABILITY.md), but a signature that seems five minutes old is refused.
const SKEW_MS: i64 = 60_000;

/// False: Stripe does not answer, so there is nothing more to ask.
pub(super) async fn check(
    context: &Context,
    webhook_url: Option<&Url>,
    is_migrated: bool,
    report: &mut DoctorReport,
) -> bool {
    let stripe = match context.stripe() {
        Ok(stripe) => stripe,
        Err(error) => {
            report.impossible("stripe", error);
            return false;
        }
    };
    if let Err(error) = clock(context, stripe, report).await {
        report.impossible("stripe", context::Error::from(error));
        return false;
    }
    // The prices are those of the table plans.
    if is_migrated {
        prices(context, stripe, report).await;
        portal(context, report).await;
    }
    destinations::check(stripe, webhook_url, report).await;
    true
}

async fn clock(
    context: &Context,
    stripe: &Stripe,
    report: &mut DoctorReport,
) -> Result<(), shared::stripe::Error> {
    let before = context.clock.now().as_millisecond();
    let theirs = stripe.server_time().await?.as_millisecond();
    let after = context.clock.now().as_millisecond();
    report.ok("stripe", "it answers, and takes the key");
    // Stripe says whole seconds, and answered at some time between the two of ours.
    let skew = if after < theirs { after - theirs } else { (before - theirs - 999).max(0) };
    let side = if skew < 0 { "behind" } else { "ahead of" };
    let found = format!("{}.{:03} s {side} Stripe's", skew.abs() / 1000, skew.abs() % 1000);
    if skew.abs() > SKEW_MS {
        report.failing(
            "clock",
            found,
            "Set this machine's clock by NTP. The functions' clocks are AWS's own: only a check from where \
             they run tells of those.",
        );
    } else if skew.abs() > 1000 {
        report.ok("clock", found);
    } else {
        report.ok("clock", "within a second of Stripe's");
    }
    Ok(())
}

async fn prices(context: &Context, stripe: &Stripe, report: &mut DoctorReport) {
    match listed(context, stripe).await {
        Ok(problems) if problems.is_empty() => {}
        Ok(problems) => {
            let mend = "Correct catalogue.toml, and run billing catalogue apply.";
            return report.failing("prices", problems.join(" "), mend);
        }
        Err(error) => return report.impossible("prices", error),
    }
    let args = products::Args { dry_run: true };
    match products::run(args, context).await {
        Ok(products) if products.has_changes() => {
            let wrong = products.prices.iter().filter(|line| line.done != products::Done::Unchanged);
            let prices = wrong.map(|line| format!("{} would be {}", line.lookup_key, line.done));
            let wrong = products.products.iter().filter(|line| line.done != products::Done::Unchanged);
            let found: Vec<String> = prices.chain(wrong.map(product)).collect();
            report.failing(
                "prices",
                found.join(", "),
                "Run billing products --dry-run to see it, and billing products to mend it.",
            );
        }
        Ok(products) => match products.warnings.first() {
            Some(warning) => report.warning("prices", "there, with the right amounts", warning.as_str()),
            None => report.ok("prices", format!("{} there, with the right amounts", products.prices.len())),
        },
        Err(error) => report.impossible("prices", error),
    }
}

/// What is wrong with the prices that Stripe is said to have already.
async fn listed(context: &Context, stripe: &Stripe) -> Result<Vec<String>, context::Error> {
    let plans = catalog::plans(context.database().await?).await?;
    Ok(catalog::listed::problems(stripe, &plans).await?)
}

/// What is wrong with a plan's product. A price may be active and its product archived: it looks as if it
/// were sold, and Stripe refuses every checkout.
fn product(line: &products::ProductLine) -> String {
    let id = line.product.as_deref().unwrap_or_default();
    match line.was_archived() {
        true => format!("{id}, the product of {}, is archived: nobody can buy it", line.plan_code),
        false if line.changes.is_empty() => format!("{} has no product", line.plan_code),
        false => format!("{id}, the product of {}, differs in {}", line.plan_code, line.changes.join(", ")),
    }
}

async fn portal(context: &Context, report: &mut DoctorReport) {
    let args = portal_configuration::Args { dry_run: true };
    match portal_configuration::run(args, context).await {
        Ok(portal) if portal.done == portal_configuration::Done::Unchanged => {
            report.ok("portal_configuration", "customers may do there what they should");
        }
        Ok(portal) => report.warning(
            "portal_configuration",
            match portal.changes.as_slice() {
                [] => "there is none of ours".to_owned(),
                changes => format!("differs in {}", changes.join(", ")),
            },
            "Run billing portal-configuration.",
        ),
        Err(error) => report.impossible("portal_configuration", error),
    }
}
