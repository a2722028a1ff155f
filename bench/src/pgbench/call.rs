//! Our own calls, taken off the wire: the release programs answer a few requests through a proxy, and what
//! they sent becomes a script for pgbench. So no statement stands here a second time.

use std::path::Path;

use ::tests::runtime_api::RuntimeApi;
use ::tests::wire::{Sent, Wire};
use serde_json::Value;

use super::script::{events, expression, reads};
use crate::requests::{
    EventSource, Hole, People, Population, ReadSource, STEPS, Template, Values, org, person,
};
use crate::runtime::{Environment, Instance, Source};

/// What the functions send, as pgbench's scripts.
pub struct Calls {
    /// The webhook's.
    pub events: String,
    /// The entitlements function's.
    pub reads: String,
}

/// How often to try until two requests differ in nothing but their ids and times: a call tells how many
/// milliseconds its request took so far.
const TRIES: u64 = 8;

/// A program, and the variables that it has with the database at an address.
pub type Program<'a> = (&'a Path, &'a dyn Fn(String) -> Environment);

/// Has the programs send their calls to a filled database. `url`: its address.
pub async fn capture(
    root: &Path,
    url: &str,
    population: Population,
    people: &People,
    webhook: Program<'_>,
    entitlements: Program<'_>,
) -> Calls {
    let wire = Wire::tap(url).await;
    let runtime = RuntimeApi::start().await;
    let program = Instance::start(webhook.0, &runtime.address, &webhook.1(wire.url("billing_events")));
    let mut source = EventSource::new(root, population, 0, 1);
    let mut lives = Vec::new();
    for number in 1..=TRIES {
        source.begin(
            population.payers() + number,
            number,
            1_790_000_000 + 7 * i64::try_from(number).unwrap_or(0),
        );
        let mut life = Vec::new();
        for _ in STEPS {
            let mut event = Vec::new();
            source.next(&mut event);
            let event = serde_json::from_slice(&event).expect("JSON");
            life.push(Heard { sent: hear(&runtime, &wire, &event).await, values: source.values().clone() });
        }
        lives.push(life);
    }
    drop(program);
    let step = |step: usize| {
        let heard: Vec<&Heard> = lives.iter().map(|life| &life[step]).collect();
        statements(&heard, step)
    };
    let events = events([step(0), step(1), step(2)]);

    let program =
        Instance::start(entitlements.0, &runtime.address, &entitlements.1(wire.url("billing_reader")));
    let mut all = Vec::new();
    for number in 2..2 + TRIES {
        let sent = hear(&runtime, &wire, &ReadSource::event(people, number)).await;
        let values = Values::new([(Hole::Org, org(number)), (Hole::Person, person(number))]);
        all.push(Heard { sent, values });
    }
    drop(program);
    let reads = reads(&statements(&all.iter().collect::<Vec<_>>(), 0));
    Calls { events, reads }
}

/// What a request made a program send, and what the request's holes had been filled with.
#[derive(Debug)]
struct Heard {
    sent: Vec<Sent>,
    values: Values,
}

async fn hear(runtime: &RuntimeApi, wire: &Wire, event: &Value) -> Vec<Sent> {
    wire.take();
    let answer = runtime.invoke(event).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    wire.take().sent
}

/// The statements of a call, each with its parameters as expressions. Several are sent together, as our
/// functions do it.
///
/// # Panics
/// If the call says something that is neither the same each time nor known to differ: then the script would
/// ask something else than our functions do.
fn statements(heard: &[&Heard], step: usize) -> String {
    let found = heard.iter().enumerate().find_map(|(number, one)| {
        let templates = templates(one);
        // Any of the others shows that nothing else differs.
        let others = heard.iter().skip(number + 1).find(|other| fits(&templates, one, other));
        others.map(|_| (one, templates))
    });
    let Some((one, templates)) = found else {
        panic!("no two calls differ in ids and times alone: {:#?}", &heard[..heard.len().min(2)]);
    };
    let mut script = String::new();
    for (sent, parameters) in one.sent.iter().zip(&templates) {
        let mut sql = sent.sql.trim_end_matches(';').to_owned();
        // $12 before $1.
        for (number, parameter) in parameters.iter().enumerate().rev() {
            let type_name = sent.parameters[number].type_name;
            let value = parameter
                .as_ref()
                .map_or("null".to_owned(), |template| template.in_sql(|hole| expression(hole, step)));
            sql = sql.replace(&format!("${}", number + 1), &format!("({value})::{type_name}"));
        }
        script.push_str(&format!("{sql};\n"));
    }
    if one.sent.len() > 1 { format!("\\startpipeline\n{script}\\endpipeline") } else { script }
}

type Parameters = Vec<Option<Template>>;

/// The values of each statement's parameters, cut where the request's own ids and times stand.
fn templates(heard: &Heard) -> Vec<Parameters> {
    const HOLES: [Hole; 7] = [
        Hole::Event,
        Hole::Created,
        Hole::Before,
        Hole::Org,
        Hole::Person,
        Hole::Subscription,
        Hole::Customer,
    ];
    let marks: Vec<(&str, Hole)> = HOLES
        .iter()
        .map(|hole| (heard.values.get(*hole), *hole))
        .filter(|(mark, _)| !mark.is_empty())
        .collect();
    let cut = |text: &Option<String>| text.as_ref().map(|text| Template::cut(text, &marks));
    heard
        .sent
        .iter()
        .map(|sent| sent.parameters.iter().map(|parameter| cut(&parameter.text)).collect())
        .collect()
}

/// Whether another request's call is the same, filled with that one's ids and times.
fn fits(templates: &[Parameters], one: &Heard, other: &Heard) -> bool {
    let sql = |heard: &Heard| heard.sent.iter().map(|sent| sent.sql.clone()).collect::<Vec<_>>();
    let filled: Vec<Vec<Option<String>>> = templates
        .iter()
        .map(|parameters| {
            let fill = |template: &Option<Template>| template.as_ref().map(|t| t.filled(&other.values));
            parameters.iter().map(fill).collect()
        })
        .collect();
    let said: Vec<Vec<Option<String>>> = other
        .sent
        .iter()
        .map(|sent| sent.parameters.iter().map(|parameter| parameter.text.clone()).collect())
        .collect();
    sql(one) == sql(other) && filled == said
}

#[cfg(test)]
mod tests {
    use ::tests::wire::Parameter;

    use super::*;

    fn heard(number: u64, elapsed: u64) -> Heard {
        let text = format!("{{\"org\":\"{}\",\"ms\":{elapsed}}}", org(number));
        let parameter = Parameter { type_name: "jsonb", text: Some(text) };
        let sent = vec![Sent { sql: "select f($1)".to_owned(), parameters: vec![parameter] }];
        Heard { sent, values: Values::new([(Hole::Org, org(number))]) }
    }

    #[test]
    fn the_first_call_that_another_one_confirms_becomes_the_script() {
        let (a, b, c) = (heard(1, 3), heard(2, 0), heard(3, 0));
        let script = statements(&[&a, &b, &c], 0);
        assert_eq!(
            script,
            "select f(('{\"org\":\"' || ('00000000-0000-4000-8000-' || lpad(to_hex(:n::bigint), 12, '0')) \
             || '\",\"ms\":' || '0}')::jsonb);\n"
        );
    }

    #[test]
    #[should_panic(expected = "no two calls differ in ids and times alone")]
    fn a_call_that_says_something_unknown_is_refused() {
        statements(&[&heard(1, 3), &heard(2, 0)], 0);
    }
}
