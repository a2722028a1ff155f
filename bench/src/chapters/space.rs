//! How much of a disk an event and an organization take.

use tokio_postgres::Client;

use super::{Database, LARGE};
use crate::report::{Line, Report};

/// Adds a line for each.
pub async fn space(database: &Database<'_>, admin: &Client, report: &mut Report) {
    let population = database.population;
    for (what, tables, count) in [
        ("a processed event with its indexes", "like 'webhook_events%'", population.events),
        (
            "an organization's customer, subscription and plan with their indexes",
            "in ('customers', 'subscriptions', 'entitlements')",
            population.organizations,
        ),
    ] {
        let sql = format!(
            "select sum(pg_total_relation_size(oid))::float8 from pg_class
             where relnamespace = 'billing'::regnamespace and relkind = 'r' and relname {tables}"
        );
        let bytes: f64 = admin.query_one(&sql, &[]).await.expect("sizes").get(0);
        let each = bytes / count as f64;
        report.add(Line {
            chapter: LARGE,
            what: what.to_owned(),
            more: vec![("bytes", each)],
            note: format!("{each:.0} bytes"),
            ..Line::default()
        });
    }
}
