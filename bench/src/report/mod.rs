//! What is told in the end: a table for people, JSON for programs.

mod targets;

use std::fmt::Write;

use serde_json::{Value, json};

pub use targets::targets;

use crate::rounds::Measured;
use crate::runtime::Sample;

/// Everything that was found out.
#[derive(Default)]
pub struct Report {
    /// Where and how it was measured, a sentence each.
    pub about: Vec<String>,
    lines: Vec<Line>,
}

/// A line of the table.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// The part of the table.
    pub chapter: &'static str,
    /// What was measured.
    pub what: String,
    /// Requests at once.
    pub in_flight: Option<u64>,
    /// What was measured of every request. Empty where that is not the question.
    pub sample: Sample,
    /// Other numbers, by a name with its unit.
    pub more: Vec<(&'static str, f64)>,
    /// What there is to say to it.
    pub note: String,
}

impl Report {
    /// Adds a line.
    pub fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Adds what was measured in rounds.
    pub fn add_rounds(&mut self, chapter: &'static str, measured: Vec<Measured>) {
        self.lines.extend(measured.into_iter().map(|measured| {
            let (counted, all) = measured.rounds;
            let note = match (measured.is_disturbed(), counted == all) {
                (true, _) => "every round was disturbed".to_owned(),
                (false, true) => String::new(),
                (false, false) => format!("{} of {all} rounds were disturbed", all - counted),
            };
            Line {
                chapter,
                in_flight: Some(measured.in_flight),
                sample: measured.median,
                more: vec![("stolen", measured.noise.stolen), ("others", measured.noise.others)],
                what: measured.what,
                note,
            }
        }));
    }

    /// A line that was added.
    pub fn line(&self, chapter: &str, what: &str, in_flight: Option<u64>) -> Option<&Line> {
        self.lines
            .iter()
            .find(|line| line.chapter == chapter && line.what == what && line.in_flight == in_flight)
    }

    /// As Markdown.
    pub fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        for sentence in &self.about {
            let _ = writeln!(text, "- {sentence}");
        }
        let mut chapter = "";
        for line in &self.lines {
            if line.chapter != chapter {
                chapter = line.chapter;
                let _ = writeln!(
                    text,
                    "\n{chapter}\n\n\
                     | what | at once | a second | p50, ms | p99, ms | function, µs | PostgreSQL, µs | |\n\
                     |---|---|---|---|---|---|---|---|"
                );
            }
            let _ = writeln!(text, "{}", line.row());
        }
        let _ = writeln!(text, "\nTargets\n\n| what | is | shall be | |\n|---|---|---|---|");
        for target in targets(self) {
            let _ = writeln!(text, "{}", target.row());
        }
        text
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let lines: Vec<Value> = self.lines.iter().map(Line::json).collect();
        let targets: Vec<Value> = targets(self).iter().map(|target| target.json()).collect();
        json!({ "about": self.about, "lines": lines, "targets": targets })
    }
}

impl Line {
    fn row(&self) -> String {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or_else(String::new, |value| format!("{value:.digits$}"))
        };
        let in_flight = self.in_flight.map_or_else(String::new, |number| number.to_string());
        let Sample { per_second, p50, p99, function, database, .. } = self.sample;
        format!(
            "| {} | {in_flight} | {} | {} | {} | {} | {} | {} |",
            self.what,
            number(Some(per_second).filter(|value| *value > 0.0), 0),
            number(p50, 2),
            number(p99, 2),
            number(function, 0),
            number(database, 0),
            self.note
        )
    }

    fn json(&self) -> Value {
        let Sample { per_second, p50, p99, function, database, load } = self.sample;
        let more: serde_json::Map<String, Value> =
            self.more.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "chapter": self.chapter, "what": self.what, "in_flight": self.in_flight,
            "per_second": per_second, "p50_ms": p50, "p99_ms": p99,
            "function_us": function, "database_us": database, "load_us": load, "more": more, "note": self.note
        })
    }
}
