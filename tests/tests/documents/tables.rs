//! The tables of routes, failures, variables and options say what the code says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::config::{Config, IdentitySource};
use tests::openapi::document;

use super::page::{file, rows, spans};

#[test]
fn every_route_has_its_section_and_its_row() {
    let document = document();
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|name| *name != "servers") {
            routes.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let page = file("docs/API.md");
    let sections = page.lines().filter_map(|line| line.strip_prefix("## "));
    let sections: BTreeSet<String> =
        sections.filter(|section| section.contains(" /")).map(str::to_owned).collect();
    assert_eq!(sections, routes);
    let first = rows(&page, "# The API").into_iter().map(|row| row[0].split('`').nth(1).unwrap().to_owned());
    assert_eq!(first.collect::<BTreeSet<_>>(), routes);
}

/// Status, code and when, for each failure in the document.
fn failures() -> BTreeSet<(String, String, String)> {
    let document = document();
    let codes = document["components"]["schemas"]["Failure"]["properties"]["code"]["enum"].clone();
    let codes: BTreeSet<&str> = codes.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let mut failures = BTreeSet::new();
    for operation in
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap())
    {
        let Some(responses) = operation.1["responses"].as_object() else { continue };
        for (status, response) in responses {
            let examples = response["content"]["application/json"]["examples"].as_object();
            for (code, example) in
                examples.into_iter().flatten().filter(|(code, _)| codes.contains(code.as_str()))
            {
                let when = example["summary"].as_str().unwrap().to_owned();
                failures.insert((status.clone(), code.clone(), when));
            }
        }
    }
    assert!(failures.len() >= codes.len() && codes.len() > 15);
    failures
}

#[test]
fn the_table_of_failures_is_what_the_document_says() {
    let page = file("docs/API.md");
    let told: BTreeSet<_> = rows(&page, "## Failures")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].trim_matches('`').to_owned(), row[2].clone()))
        .collect();
    let expected = failures();
    let lines: Vec<_> =
        expected.iter().map(|(status, code, when)| format!("| {status} | `{code}` | {when} |")).collect();
    assert!(told == expected, "docs/API.md, Failures, should be:\n{}", lines.join("\n"));
}

#[test]
fn the_table_of_reasons_has_each_word_of_the_database() {
    let table = rows(&file("docs/API.md"), "### Why it is the free plan");
    let told: BTreeSet<_> = table.iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    let code = file("migrations/functions/reason.sql");
    let words = code.split(" then '").skip(1).chain(code.split(" else '").skip(1));
    let words: BTreeSet<_> = words.map(|rest| rest.split('\'').next().unwrap().to_owned()).collect();
    assert_eq!(told, words);
}

/// The names of all variables that the configuration reads: what the door to the environment has in quotation
/// marks.
fn variables() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in ["", "/function", "/notify", "/probe", "/stripe", "/supabase"] {
        let code = file(&format!("shared/src/config{source}.rs"));
        let code = code.split("#[cfg(test)]\nmod").next().unwrap();
        let is_name = |text: &&str| {
            text.contains('_')
                && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        };
        names.extend(code.split('"').filter(is_name).map(str::to_owned));
    }
    assert!(names.len() > 20, "{names:?}");
    names
}

#[test]
fn the_table_of_variables_has_each_that_is_read_with_its_default() {
    let table = rows(&file("docs/CONFIGURATION.md"), "## Variables");
    let told: BTreeMap<_, _> = table
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row[2].trim_matches('`').to_owned()))
        .collect();
    assert_eq!(told.keys().cloned().collect::<BTreeSet<_>>(), variables());
    let empty = Config::from_lookup(|_| None);
    assert_eq!(empty.identity_source, IdentitySource::AccessToken);
    for (name, default) in [
        ("DATABASE_POOL_SIZE", empty.database_pool_size.to_string()),
        ("GRACE_DAYS", empty.grace_days.to_string()),
        ("TRIAL_DAYS", empty.trial_days.to_string()),
        ("AUTOMATIC_TAX", empty.automatic_tax.to_string()),
        ("ENTITLEMENTS_CACHE_SECONDS", empty.entitlements_cache_seconds.to_string()),
        ("IDENTITY_SOURCE", "access_token".to_owned()),
        ("FOREIGN_SUBSCRIPTIONS", format!("{:?}", empty.foreign_subscriptions).to_lowercase()),
        ("METRICS_NAMESPACE", empty.metrics_namespace.unwrap_or_default()),
    ] {
        assert_eq!(told[name], default, "{name}");
    }
}

#[test]
fn the_table_of_the_local_stacks_options_has_each() {
    let table = rows(&file("docs/CONFIGURATION.md"), "## The local stack");
    let told = table.iter().map(|row| row[0].trim_matches('`').to_owned());
    let told: BTreeSet<_> = told.filter(|name| name.starts_with("--")).collect();
    let code = file("local/src/dev/arguments.rs");
    let fields = code.lines().filter_map(|line| line.strip_prefix("    pub ")?.split_once(": "));
    let options: BTreeSet<_> = fields.map(|(name, _)| format!("--{}", name.replace('_', "-"))).collect();
    assert_eq!(told, options);
}

/// The camelCase names of the fields of a struct in a file.
fn fields(code: &str, of: &str) -> BTreeSet<String> {
    let inside = code.split_once(&format!("pub struct {of} {{")).unwrap().1.split("\n}").next().unwrap();
    let names = inside.lines().filter_map(|line| line.strip_prefix("    pub ")?.split_once(':'));
    let camel = |name: &str| {
        let mut words = name.split('_');
        let first = words.next().unwrap().to_owned();
        words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
    };
    names.map(|(name, _)| camel(name)).collect()
}

#[test]
fn the_table_of_what_scripts_find_in_the_descriptor_has_each_field() {
    let table = rows(&file("docs/CONFIGURATION.md"), "## The local stack");
    let told = table.iter().map(|row| &row[0]).filter(|cell| !cell.starts_with("`--"));
    let told: BTreeSet<_> = told.flat_map(|cell| spans(cell)).collect();
    assert_eq!(told, fields(&file("local/src/dev/descriptor.rs"), "Descriptor"));
}

#[test]
fn the_table_of_logins_has_the_limits_that_they_begin_with() {
    let table = rows(&file("docs/SECURITY.md"), "## Who can do what in the database");
    let told: Vec<_> = table.iter().filter(|row| row[1].parse::<u32>().is_ok()).collect();
    let sql = file("migrations/tables/V1__schemas_and_roles.sql");
    assert_eq!(told.len(), sql.matches("      ('billing_").count());
    for row in told {
        let (login, patience) = (row[0].trim_matches('`'), row[2].replace(' ', ""));
        assert!(sql.contains(&format!("('{login}', {}, '{patience}', ", row[1])), "{row:?}");
        assert!(
            sql.contains(&format!(
                "idle_in_transaction_session_timeout = %L', login.name, '{}'",
                row[3].replace(' ', "")
            )),
            "{row:?}"
        );
    }
}
