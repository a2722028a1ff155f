//! The template's alarms and its dashboard against what the code measures and what the runbook says.

use std::collections::BTreeSet;
use std::fs;

fn file(path: &str) -> String {
    fs::read_to_string(tests::root().join(path)).unwrap()
}

/// What stands between two texts, each time.
fn between<'a>(text: &'a str, before: &str, after: char) -> BTreeSet<&'a str> {
    text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap_or_default().trim()).collect()
}

/// The metrics that the code has.
fn measured() -> BTreeSet<String> {
    let code = file("shared/src/telemetry/metrics.rs");
    let names = between(&code, "counter!(\"", '"').into_iter().chain(between(&code, "histogram!(\"", '"'));
    names.map(str::to_owned).collect()
}

/// Measured by AWS itself: what waits in a queue, and what a function cannot count because it is gone or was never called.
const OF_AWS: [&str; 5] = ["5xx", "ApproximateNumberOfMessagesVisible", "Errors", "Invocations", "Throttles"];

#[test]
fn every_alarm_and_every_graph_is_about_a_metric_that_there_is() {
    let (template, measured) = (file("template.yaml"), measured());
    assert!(measured.len() > 20, "{measured:?}");
    let alarmed = between(&template, "MetricName: ", '\n');
    let shown = between(&template, "[\"PromptForgeBilling/${Stage}\", \"", '"');
    assert!(alarmed.len() > 8 && shown.len() > 15);
    for metric in alarmed.union(&shown) {
        assert!(measured.contains(*metric) || OF_AWS.contains(metric), "{metric}");
    }
    let unseen: Vec<_> = measured
        .iter()
        .map(String::as_str)
        .filter(|metric| !alarmed.contains(metric) && !shown.contains(metric))
        .collect();
    assert_eq!(unseen, ["WebhookEventsByType"], "for questions, not for a graph of everything");
}

#[test]
fn every_alarm_leads_to_an_entry_of_the_runbook() {
    let (template, runbook) = (file("template.yaml"), file("docs/RUNBOOK.md"));
    let headings: BTreeSet<String> = runbook
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        .collect();
    let alarms = template.matches("Type: AWS::CloudWatch::Alarm").count();
    let anchors: Vec<_> =
        template.split("docs/RUNBOOK.md#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(anchors.len(), alarms);
    for anchor in anchors {
        assert!(headings.contains(anchor), "{anchor}: {headings:?}");
    }
}
