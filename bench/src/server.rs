//! A PostgreSQL of our own that loses nothing, with databases of any size.

use std::path::Path;

use local::postgres::{Binaries, Cluster, Durability, Lifetime, Owner, reachable_home};
use tokio_postgres::Client;

use crate::requests::{Hole, Population, Values, subscription};

const FILL: &str = include_str!("../sql/fill.sql");
const FLOOR: &str = include_str!("../sql/floor.sql");
const FLOOR_FILL: &str = include_str!("../sql/floor_fill.sql");

/// What a server of this size is given. All else is PostgreSQL's default, and so it loses nothing.
const SETTINGS: [(&str, &str); 3] =
    [("shared_buffers", "1GB"), ("max_wal_size", "8GB"), ("max_connections", "200")];

/// A running server. Its data is removed when it ends.
pub struct Server {
    cluster: Cluster,
    /// Where its programs are.
    pub binaries: Binaries,
}

impl Server {
    /// Starts one, on a disk as in production: `/dev/shm` would forget.
    pub async fn start(root: &Path) -> Self {
        let owner = Owner::detect().expect("a user for the server");
        let home = reachable_home(&root.join(".local"), owner);
        let binaries = Binaries::find_or_fetch(&home.join("tools"), &|sentence| println!("{sentence}"))
            .expect("PostgreSQL");
        let data = home.join(format!("bench-{}", std::process::id()));
        let start = |lifetime| Cluster::start(&binaries, owner, &data, 0, Durability::Full, lifetime);
        let unset = start(Lifetime::Kept).await.expect("the server starts");
        let admin = unset.connect("postgres").await.expect("a connection");
        for (name, value) in SETTINGS {
            let sql = format!("alter system set {name} = '{value}'");
            admin.batch_execute(&sql).await.expect("a setting");
        }
        unset.stop().await;
        let cluster = start(Lifetime::Removed).await.expect("the server starts");
        Self { cluster, binaries }
    }

    /// Makes a database with our tables and the floor's, and fills both alike.
    pub async fn fill(&self, root: &Path, name: &str, population: Population) -> Client {
        let postgres = self.cluster.connect("postgres").await.expect("a connection");
        postgres.batch_execute(&format!("create database {name}")).await.expect("a database");
        let mut ours = self.cluster.connect(name).await.expect("a connection");
        migrations::run(&mut ours).await.expect("the migrations apply");
        ours.batch_execute(FLOOR).await.expect("the floor");
        let floor = self.cluster.connect(name).await.expect("a connection");
        for client in [&ours, &floor] {
            let fast = "set synchronous_commit = off; set maintenance_work_mem = '256MB'";
            client.batch_execute(fast).await.expect("settings");
        }
        let (fill, floor_fill) = (filled(FILL, root, population), filled(FLOOR_FILL, root, population));
        // At once: each fills other tables.
        let (ours_filled, floor_filled) =
            tokio::join!(ours.batch_execute(&fill), floor.batch_execute(&floor_fill));
        ours_filled.expect("fill.sql");
        floor_filled.expect("floor_fill.sql");
        for sql in ["vacuum analyze", "checkpoint"] {
            ours.batch_execute(sql).await.expect(sql);
        }
        ours
    }

    /// The address of a database for a login.
    pub fn url(&self, login: &str, database: &str) -> String {
        self.cluster.url(login, database)
    }

    /// The process of the server itself.
    pub fn pid(&self) -> u32 {
        self.cluster.server.pid()
    }

    /// PostgreSQL's version and the settings, in a few words.
    pub fn describe(&self) -> String {
        let settings = SETTINGS.map(|(name, value)| format!("{name} = {value}"));
        format!("PostgreSQL {}, durable, {}", self.binaries.version, settings.join(", "))
    }

    /// Ends it.
    pub async fn stop(self) {
        self.cluster.stop().await;
    }
}

/// Fails if an event of ours came to anything but its effects: then something else was measured.
pub async fn assert_applied(client: &Client) {
    let sql =
        "select count(*), min(outcome) from billing.webhook_events where outcome is distinct from 'applied'";
    let row = client.query_one(sql, &[]).await.expect("a count");
    let (count, outcome): (i64, Option<String>) = (row.get(0), row.get(1));
    assert_eq!(count, 0, "events that were not applied but {outcome:?}");
}

/// Fills in how much there is, and what the sample of a subscription says.
fn filled(sql: &str, root: &Path, population: Population) -> String {
    let text = subscription(root).filled(&Values::new([(Hole::Since, "0".to_owned())]));
    let sample: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let item = &sample["items"]["data"][0];
    let second = |name: &str| item[name].as_i64().expect("a time");
    sql.replace("@organizations@", &population.organizations.to_string())
        .replace("@events@", &population.events.to_string())
        .replace("@price@", item["price"]["id"].as_str().expect("an id"))
        .replace("@begin@", &second("current_period_start").to_string())
        .replace("@end@", &second("current_period_end").to_string())
        .replace("@since@", &SINCE.to_string())
}

/// The subscription of the organization with the number 0 would have been made then, Unix seconds; that of
/// every further one a second later.
pub const SINCE: i64 = 1_760_000_000;

#[cfg(test)]
mod tests {
    use ::tests::{TestDatabase, root};

    use super::*;
    use crate::requests::{org, person};

    #[tokio::test]
    async fn both_fills_fit_the_tables_and_the_filled_organizations_have_what_they_pay_for() {
        let database = TestDatabase::create().await;
        let client = database.connect().await;
        let population = Population { organizations: 40, events: 50 };
        client.batch_execute(FLOOR).await.unwrap();
        for sql in [FILL, FLOOR_FILL] {
            client.batch_execute(&filled(sql, &root(), population)).await.unwrap();
        }
        assert_applied(&client).await;
        let plans = "select (select string_agg(plan_code, ',') from billing.entitlements where org_id = $1::text::uuid),
            (select count(*) from billing.subscriptions where org_id = $1::text::uuid),
            (select string_agg(user_id::text, ',') from billing.own_members where org_id = $1::text::uuid and role = 'owner')";
        for (number, plan, subscriptions) in [(1, Some("pro"), 50), (20, Some("pro"), 1), (21, None, 1)] {
            let row = client.query_one(plans, &[&org(number)]).await.unwrap();
            assert_eq!(row.get::<_, Option<&str>>(0), plan, "{number}");
            assert_eq!((row.get::<_, i64>(1), row.get::<_, String>(2)), (subscriptions, person(number)));
        }
        let apply = "select floor.apply('evt_1', 'x', now(), 'sub_1', $1::text::uuid, 'cus_1', 'active', 'pro', now(), now())";
        for outcome in ["applied", "duplicate"] {
            let row = client.query_one(apply, &[&org(30)]).await.unwrap();
            assert_eq!(row.get::<_, &str>(0), outcome);
        }
    }
}
