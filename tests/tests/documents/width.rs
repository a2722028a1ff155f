//! Every line of the sources fits a screen: code, comments, SQL, templates and pages have one width.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tests::root;

use super::page::file;

/// In characters.
const WIDTH: usize = 110;

/// What may be wider, by the begin or the end of its path, and why it cannot be otherwise.
const WIDER: [(&str, &str); 11] = [
    ("tests/fuzz/corpus/", "an input is as long as what sends it makes it"),
    ("package-lock.json", "npm writes it"),
    ("openapi.json", "generated from the code"),
    ("client/src/openapi.ts", "generated from openapi.json"),
    ("events/checkout.json", "a token is one string of JSON, and so is a body"),
    ("events/entitlements.json", "a token is one string of JSON"),
    ("events/ofrep.json", "a token is one string of JSON"),
    ("events/portal.json", "a token is one string of JSON"),
    ("events/sync.json", "a token is one string of JSON"),
    ("events/webhook.json", "a body is one string of JSON"),
    ("local/pages/console.html", "its icon is one address"),
];

fn is_at(path: &str, place: &str) -> bool {
    path.starts_with(place) || path.ends_with(place)
}

/// The text files of the checkout, by path from its root: all but what its `.gitignore` files name.
fn sources() -> Vec<String> {
    let mut sources = Vec::new();
    collect(Path::new(""), &BTreeSet::from([".git".to_owned()]), &mut sources);
    sources.sort();
    assert!(sources.len() > 500, "{sources:?}");
    sources
}

fn collect(folder: &Path, ignored: &BTreeSet<String>, sources: &mut Vec<String>) {
    let mut ignored = ignored.clone();
    let more = fs::read_to_string(root().join(folder).join(".gitignore")).unwrap_or_default();
    ignored.extend(more.lines().map(|line| line.trim_matches('/').to_owned()));
    for entry in fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        let path = folder.join(&name);
        if ignored.contains(&name) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            collect(&path, &ignored, sources);
        } else if fs::read_to_string(root().join(&path)).is_ok() {
            sources.push(path.into_os_string().into_string().unwrap());
        }
    }
}

/// The wide lines of a file, with their numbers. Of a page: a table cannot be wrapped (that it fits is
/// another test's), nor can a link, nor what a program printed, which stands in a block without a language.
fn wide_lines(path: &str) -> Vec<String> {
    let is_page = path.ends_with(".md");
    let (mut wide, mut language) = (Vec::new(), None);
    for (index, line) in file(path).lines().enumerate() {
        if let Some(after) = line.strip_prefix("```").filter(|_| is_page) {
            language = if language.is_some() { None } else { Some(after.to_owned()) };
        }
        let is_printed = language.as_deref() == Some("") && !line.starts_with("$ ");
        let cannot_be_wrapped = line.starts_with('|') || line.contains("](") || is_printed;
        if line.chars().count() > WIDTH && !(is_page && cannot_be_wrapped) {
            wide.push(format!("{path}:{}: {}", index + 1, line.trim()));
        }
    }
    wide
}

#[test]
fn no_line_of_a_source_is_wider_than_110_characters() {
    let is_exempt = |path: &String| WIDER.iter().any(|(place, _)| is_at(path, place));
    let held = sources().into_iter().filter(|path| !is_exempt(path));
    let wide: Vec<String> = held.flat_map(|path| wide_lines(&path)).collect();
    assert!(wide.is_empty(), "{} lines are too wide: {wide:#?}", wide.len());
}

#[test]
fn every_exception_from_the_width_is_still_needed() {
    let wide: Vec<String> = sources().into_iter().filter(|path| !wide_lines(path).is_empty()).collect();
    let is_needed = |place: &str| wide.iter().any(|path| is_at(path, place));
    let needless: Vec<&str> =
        WIDER.iter().map(|(place, _)| *place).filter(|place| !is_needed(place)).collect();
    assert!(needless.is_empty(), "{needless:?}");
}
