//! Databases of any size: people, two organizations with what real events give them, and as many copies.

use std::path::Path;

use ::tests::runtime_api::RuntimeApi;
use tokio_postgres::Client;

use crate::chapters::Database;
use crate::requests::{EventSource, Population, STEPS};
use crate::runtime::{Instance, Source};

const PEOPLE: &str = include_str!("../sql/people.sql");
const COPIES: &str = include_str!("../sql/copies.sql");
const FLOOR: &str = include_str!("../sql/floor.sql");
const FLOOR_FILL: &str = include_str!("../sql/floor_fill.sql");

/// The subscription of the organization with the number 0 would have been made then, Unix seconds; that of
/// every further one a second later.
pub const SINCE: i64 = 1_760_000_000;

/// Makes a database with our tables and the floor's, and fills both alike.
pub async fn fill(database: &Database<'_>) -> Client {
    let (server, population) = (database.server, database.population);
    server.create(database.name).await;
    let mut ours = server.connect(database.name).await;
    let floor = server.connect(database.name).await;
    migrations::run(&mut ours).await.expect("the migrations apply");
    ours.batch_execute(FLOOR).await.expect("floor.sql");
    for client in [&ours, &floor] {
        let fast = "set synchronous_commit = off; set maintenance_work_mem = '256MB'";
        client.batch_execute(fast).await.expect("settings");
    }
    ours.batch_execute(&filled(PEOPLE, population)).await.expect("people.sql");
    let runtime = RuntimeApi::start().await;
    let environment = database.environment(server.url("billing_events", database.name));
    let webhook = Instance::start(&database.programs.path("webhook"), &runtime.address, &environment);
    for model in models(database.root, population) {
        let event = serde_json::from_slice(&model.envelope).expect("JSON");
        let answer = runtime.invoke(&event).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
    }
    drop(webhook);
    // At once: each fills other tables.
    let (copies, floor_fill) = (filled(COPIES, population), filled(FLOOR_FILL, population));
    let (copied, floor_filled) = tokio::join!(ours.batch_execute(&copies), floor.batch_execute(&floor_fill));
    copied.expect("copies.sql");
    floor_filled.expect("floor_fill.sql");
    for sql in ["vacuum analyze", "checkpoint"] {
        ours.batch_execute(sql).await.expect(sql);
    }
    ours
}

/// Fails if an event came to anything but its effects: then something else was measured. One that failed is
/// of a round that was done again.
pub async fn assert_applied(client: &Client) {
    let sql = "select count(*), min(outcome) from billing.webhook_events
        where outcome <> 'applied'";
    let row = client.query_one(sql, &[]).await.expect("a count");
    let (count, outcome): (i64, Option<String>) = (row.get(0), row.get(1));
    assert_eq!(count, 0, "events that were not applied but {outcome:?}");
}

/// An event for one of the two organizations that all others are copies of.
struct Model {
    /// As Lambda hands it over.
    envelope: Vec<u8>,
    /// As Stripe sent it.
    #[cfg_attr(not(test), allow(dead_code))]
    body: Vec<u8>,
}

/// The first organization buys; the first of the second half bought and has left.
fn models(root: &Path, population: Population) -> Vec<Model> {
    let mut source = EventSource::new(root, population, 0, 1);
    let mut models = Vec::new();
    for (number, steps) in [(1, 1), (population.payers() + 1, STEPS.len())] {
        source.begin(number, 0, SINCE);
        for _ in 0..steps {
            let mut envelope = Vec::new();
            source.next(&mut envelope);
            models.push(Model { envelope, body: source.body().to_vec() });
        }
    }
    models
}

fn filled(sql: &str, population: Population) -> String {
    sql.replace("@organizations@", &population.organizations.to_string())
        .replace("@events@", &population.events.to_string())
        .replace("@since@", &SINCE.to_string())
}

#[cfg(test)]
mod tests {
    use ::tests::{TestApp, root};

    use super::*;
    use crate::requests::{org, person};

    #[tokio::test]
    async fn every_organization_gets_what_the_models_have_and_the_floor_works() {
        let t = TestApp::start().await;
        let population = Population { organizations: 40, events: 50 };
        t.db.batch_execute(&filled(PEOPLE, population)).await.unwrap();
        for model in models(&root(), population) {
            let answer = t.deliver(&serde_json::from_slice(&model.body).unwrap()).await;
            assert_eq!(answer.body["outcome"], "applied", "{}", answer.body);
        }
        for sql in [COPIES, FLOOR, FLOOR_FILL] {
            t.db.batch_execute(&filled(sql, population)).await.unwrap();
        }
        assert_applied(&t.db).await;
        for (number, plan, subscriptions) in
            [(1, "pro", "50"), (20, "pro", "1"), (21, "pilot", "1"), (40, "pilot", "1")]
        {
            let answer = t.entitlements(&person(number), &org(number)).await;
            assert_eq!((answer.status, answer.text("/planCode")), (200, plan), "{number}: {}", answer.body);
            let count =
                format!("select count(*) from billing.subscriptions where org_id = '{}'", org(number));
            assert_eq!(t.value(&count).await, subscriptions, "{number}");
        }
        assert_eq!(t.entitlements(&person(40 + 10_000), &org(33)).await.status, 200);
        let apply = format!(
            "select floor.apply('evt_1', 'x', now(), 'sub_1', '{}', 'cus_1', 'active', 'pro', now(), now())",
            org(30)
        );
        assert_eq!(t.value(&apply).await, "applied");
        assert_eq!(t.value(&apply).await, "duplicate");
    }
}
