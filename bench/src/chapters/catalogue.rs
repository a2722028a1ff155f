//! What a change of the catalogue would do to every organization: `billing catalogue apply --dry-run`.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::{Database, LARGE};
use crate::report::{Line, Report};
use crate::stripe::Stripe;

/// Tries a flag more for everybody.
pub fn catalogue(database: &Database<'_>, stripe: &Stripe, report: &mut Report) {
    let shipped = fs::read_to_string(database.root.join("catalogue.toml")).expect("catalogue.toml");
    let (free, more) = ("\nflags = [\"canExportMD\"]\n", "\nflags = [\"canExportMD\", \"canExportJSON\"]\n");
    assert_eq!(shipped.matches(free).count(), 1, "what everybody has");
    let file = std::env::temp_dir().join(format!("promptforge-catalogue-{}.toml", std::process::id()));
    fs::write(&file, shipped.replace(free, more)).expect("a file");
    let mut command = Command::new(database.programs.path("billing"));
    command.args(["catalogue", "apply", "--dry-run", "--json"]).arg(&file).stdin(Stdio::null());
    let mut environment = database.environment(database.server.url("billing_operator", database.name));
    environment.retain(|(name, _)| *name != "STRIPE_API_BASE");
    command.env_clear().envs(environment).env("STRIPE_API_BASE", &stripe.url);
    let started = Instant::now();
    let output = command.output().expect("billing starts");
    let wall = started.elapsed();
    fs::remove_file(&file).expect("the file is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "a flag more is nobody's loss: {said}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let compared = told["organizations"].as_u64().expect("a number");
    assert_eq!(compared, database.population.organizations, "every organization was compared: {told}");
    let mut line = Line { chapter: LARGE, what: "catalogue: a dry run".to_owned(), ..Line::default() };
    line.sample.p50 = Some(wall.as_secs_f64() * 1e3);
    line.note = format!("{compared} organizations");
    report.add(line);
}
