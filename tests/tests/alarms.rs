//! The alarms and the dashboard, which monitoring.yaml has for template.yaml, against what the code measures
//! and what the runbook says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Value, json};
use tests::auth::peoples;

fn file(path: &str) -> String {
    fs::read_to_string(tests::root().join(path)).unwrap()
}

/// A template. What CloudFormation computes is an object of its tag: `!Ref Stage` is `{"!Ref": "Stage"}`.
fn template(path: &str) -> Value {
    value(&Yaml::load_from_str(&file(path)).unwrap()[0])
}

fn value(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::Boolean(yes)) => json!(yes),
        Yaml::Tagged(tag, node) => {
            Value::Object([(format!("!{}", tag.suffix), value(node))].into_iter().collect())
        }
        Yaml::Sequence(nodes) => nodes.iter().map(value).collect(),
        Yaml::Mapping(nodes) => Value::Object(
            nodes.iter().map(|(key, node)| (key.as_str().unwrap().to_owned(), value(node))).collect(),
        ),
        _ => panic!("not of a template: {node:?}"),
    }
}

/// The properties of each alarm, by its name.
fn alarms(monitoring: &Value) -> BTreeMap<&str, &Value> {
    let resources = monitoring["Resources"].as_object().unwrap().iter();
    let alarms = resources.filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    alarms.map(|(name, alarm)| (name.as_str(), &alarm["Properties"])).collect()
}

/// The names of an alarm's metrics, be it about one or about several.
fn metrics(alarm: &Value) -> BTreeSet<&str> {
    let several = alarm["Metrics"].as_array().into_iter().flatten();
    let each = several.map(|metric| &metric["MetricStat"]["Metric"]["MetricName"]);
    each.chain([&alarm["MetricName"]]).filter_map(Value::as_str).collect()
}

/// The graphs of the dashboard.
fn graphs(monitoring: &Value) -> Vec<Value> {
    let body = monitoring["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["!Sub"].as_str().unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    body["widgets"].as_array().unwrap().clone()
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

/// Measured by AWS itself: what waits in a queue, and what a function cannot count because it is gone or was
/// never called.
const OF_AWS: [&str; 4] = ["5xx", "ApproximateNumberOfMessagesVisible", "Errors", "Throttles"];

#[test]
fn every_alarm_and_every_graph_is_about_a_metric_that_there_is() {
    let (monitoring, measured) = (template("monitoring.yaml"), measured());
    assert!(measured.len() > 20, "{measured:?}");
    let (alarms, graphs) = (alarms(&monitoring), graphs(&monitoring));
    for (name, alarm) in &alarms {
        assert!(!metrics(alarm).is_empty(), "{name}");
    }
    let alarmed: BTreeSet<_> = alarms.values().flat_map(|alarm| metrics(alarm)).collect();
    let mut shown = BTreeSet::new();
    for metric in graphs.iter().flat_map(|graph| graph["properties"]["metrics"].as_array().unwrap()) {
        assert_eq!(metric[0], "${Namespace}", "{metric}");
        shown.insert(metric[1].as_str().unwrap());
    }
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
fn the_alarm_on_refused_tokens_counts_every_function_that_checks_them() {
    let monitoring = template("monitoring.yaml");
    let alarm = &monitoring["Resources"]["RefusedTokensAlarm"]["Properties"];
    let several = alarm["Metrics"].as_array().unwrap();
    let functions: BTreeSet<&str> = peoples().collect();
    for (sum, metric) in [("calls", "Requests"), ("refused", "RefusedTokens")] {
        let of = |query: &&Value| query["MetricStat"]["Metric"]["MetricName"] == metric;
        let ids: BTreeMap<&str, &str> = several
            .iter()
            .filter(of)
            .map(|query| {
                let dimension = &query["MetricStat"]["Metric"]["Dimensions"][0];
                (dimension["Value"].as_str().unwrap(), query["Id"].as_str().unwrap())
            })
            .collect();
        assert_eq!(ids.keys().copied().collect::<BTreeSet<_>>(), functions, "{metric}");
        let expression =
            several.iter().find(|query| query["Id"] == sum).unwrap()["Expression"].as_str().unwrap();
        assert!(ids.values().all(|id| expression.contains(id)), "{expression}");
    }
}

#[test]
fn what_an_event_shows_alarms_whoever_applies_it() {
    let monitoring = template("monitoring.yaml");
    let alarms = alarms(&monitoring);
    // The reconciliation applies what the webhook missed.
    let about = ["UnknownPlans", "UnreadableAddons", "Disputes", "UnreadableEvents", "DisbelievedAnswers"];
    for metric in about {
        let alarm = alarms[format!("{metric}Alarm").as_str()];
        let several = alarm["Metrics"].as_array().unwrap();
        let of = |metric: &Value| metric.pointer("/MetricStat/Metric/Dimensions/0/Value").cloned();
        let functions: Vec<Value> = several.iter().filter_map(of).collect();
        assert_eq!(functions, ["reconcile", "webhook"], "{metric}");
        let sum = several.iter().find_map(|metric| metric["Expression"].as_str());
        assert_eq!(sum, Some("SUM([of_reconcile, of_webhook])"), "{metric}");
    }
}

#[test]
fn every_alarm_has_a_row_and_an_entry_of_the_runbook_and_nothing_else_has() {
    let (monitoring, runbook) = (template("monitoring.yaml"), file("docs/RUNBOOK.md"));
    let section = runbook.split("\n# ").find(|section| section.starts_with("Alarms\n")).unwrap();

    // An alarm's name, with what it means and which entry it leads to.
    let mut said = BTreeMap::new();
    for (name, alarm) in alarms(&monitoring) {
        let description = alarm["AlarmDescription"].as_str().unwrap();
        said.insert(name, description.split_once(" docs/RUNBOOK.md#").unwrap());
    }
    let mut rows = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| [")) {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [alarm, meaning, first] = cells[..] else { panic!("three cells: {row}") };
        assert!(!first.is_empty(), "{row}");
        let link = alarm.strip_prefix('[').and_then(|alarm| alarm.strip_suffix(')')).unwrap();
        let (name, entry) = link.split_once("](#").unwrap();
        assert_eq!(rows.insert(name, (meaning, entry)), None, "{name} has one row");
    }
    assert_eq!(rows, said);

    let headings = section.lines().filter_map(|line| line.strip_prefix("## "));
    let entries: BTreeSet<String> =
        headings.map(|heading| heading.trim().to_lowercase().replace(' ', "-")).collect();
    assert_eq!(entries, said.values().map(|(_, entry)| (*entry).to_owned()).collect());
}

#[test]
fn alarms_and_the_dashboard_are_in_the_nested_template_and_nothing_else_is() {
    let (parent, monitoring) = (template("template.yaml"), template("monitoring.yaml"));
    let types = |template: &Value| -> Vec<String> {
        let resources = template["Resources"].as_object().unwrap().values();
        resources.map(|resource| resource["Type"].as_str().unwrap().to_owned()).collect()
    };
    assert!(types(&parent).iter().all(|kind| !kind.starts_with("AWS::CloudWatch::")));
    let others: Vec<_> =
        types(&monitoring).into_iter().filter(|kind| kind != "AWS::CloudWatch::Alarm").collect();
    assert_eq!(others, ["AWS::CloudWatch::Dashboard"]);
}

#[test]
fn an_alarm_goes_to_the_topic_and_without_one_to_nobody() {
    let (parent, monitoring) = (template("template.yaml"), template("monitoring.yaml"));
    for template in [&parent, &monitoring] {
        assert_eq!(template["Parameters"]["AlarmTopicArn"]["Default"], "");
    }
    let given = json!({ "!Not": [{ "!Equals": [{ "!Ref": "AlarmTopicArn" }, ""] }] });
    assert_eq!(monitoring["Conditions"]["HasAlarmTopic"], given);
    let recipient =
        json!({ "!If": ["HasAlarmTopic", [{ "!Ref": "AlarmTopicArn" }], { "!Ref": "AWS::NoValue" }] });
    for (name, alarm) in alarms(&monitoring) {
        assert_eq!((&alarm["AlarmActions"], &alarm["OKActions"]), (&recipient, &recipient), "{name}");
    }
}

#[test]
fn the_nested_template_is_told_of_what_its_parameters_are_called() {
    let (parent, monitoring) = (template("template.yaml"), template("monitoring.yaml"));
    let nested = &parent["Resources"]["Monitoring"];
    assert_eq!(nested["Type"], "AWS::CloudFormation::Stack");
    assert_eq!(nested["Properties"]["TemplateURL"], "monitoring.yaml");
    let told = nested["Properties"]["Parameters"].as_object().unwrap();
    let parameters = monitoring["Parameters"].as_object().unwrap();
    assert_eq!(told.keys().collect::<BTreeSet<_>>(), parameters.keys().collect());
    for (name, value) in told {
        let expected = match name.as_str() {
            "Namespace" => {
                parent["Globals"]["Function"]["Environment"]["Variables"]["METRICS_NAMESPACE"].clone()
            }
            "DashboardName" => json!({ "!Sub": "${AWS::StackName}-monitoring" }),
            "ApiId" => json!({ "!Ref": "Api" }),
            "ReconcileDeadLettersName" => json!({ "!GetAtt": "ReconcileDeadLetters.QueueName" }),
            "Notifies" => json!({ "!If": ["Notifies", "true", "false"] }),
            _ => json!({ "!Ref": name }),
        };
        assert_eq!(*value, expected, "{name}");
    }
}
