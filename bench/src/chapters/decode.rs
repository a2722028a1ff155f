//! What the webhook does with an event before the database, beside HMAC-SHA256 alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::DECODE;
use crate::programs::Programs;
use crate::report::{Line, Report};
use crate::requests::{EventSource, Population};
use crate::runtime::Source;

/// Events that are timed together.
const TIMES: &str = "200";

/// Has the program `bench-decode` time itself.
pub fn decode(root: &Path, programs: &Programs, report: &mut Report) {
    let file = write_event(root);
    let output = Command::new(programs.path("bench-decode")).arg(&file).arg(TIMES).output();
    let output = output.expect("bench-decode starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let number = |name: &str| told[name].as_f64().expect("a number");
    let hmac = number("hmac_ns");
    for (what, name) in [
        ("HMAC-SHA256 alone", "hmac_ns"),
        ("the signature is verified", "verify_ns"),
        ("the event is parsed", "parse_ns"),
        ("verified, parsed, and encoded for the database", "all_ns"),
    ] {
        let mut line = Line { chapter: DECODE, what: what.to_owned(), ..Line::default() };
        line.sample.function = Some(number(name) / 1e3);
        line.more = vec![("times_hmac", number(name) / hmac)];
        line.note = format!("{:.2} × HMAC, {} bytes", number(name) / hmac, told["bytes"]);
        report.add(line);
    }
    fs::remove_file(file).expect("the file that was written");
}

/// An event as the webhook gets it, in a file.
pub fn write_event(root: &Path) -> PathBuf {
    let mut source = EventSource::new(root, Population { organizations: 2, events: 0 }, 0, 1);
    source.begin(1, 1, 1_790_000_000);
    source.next(&mut Vec::new());
    let file = std::env::temp_dir().join(format!("promptforge-event-{}.json", std::process::id()));
    fs::write(&file, source.body()).expect("a file");
    file
}
