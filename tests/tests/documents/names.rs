//! What a page links to or names is there, and its lines fit on a screen.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tests::root;

use super::page::{anchors, file, links, pages, parted, rows, spans};

#[test]
fn every_link_leads_to_a_page_and_a_heading_that_there_are() {
    let pages = pages();
    let mut broken = Vec::new();
    for (path, page) in &pages {
        for link in links(page).into_iter().filter(|link| !link.contains("://")) {
            let (target, heading) = link.split_once('#').unwrap_or((&link, ""));
            let folder = Path::new(path).parent().unwrap();
            let target = if target.is_empty() { PathBuf::from(path) } else { folder.join(target) };
            if !root().join(&target).exists() {
                broken.push(format!("{path}: {link} leads nowhere"));
            } else if !heading.is_empty() {
                let text = fs::read_to_string(root().join(&target)).unwrap();
                if !anchors(&text).contains(heading) {
                    broken.push(format!("{path}: {link} names no heading"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let pages = pages();
    let (mut reached, mut next) = (BTreeSet::new(), vec!["README.md".to_owned()]);
    while let Some(path) = next.pop() {
        if !reached.insert(path.clone()) {
            continue;
        }
        let folder = Path::new(&path).parent().unwrap();
        for link in links(&pages[&path]) {
            let mut target = PathBuf::new();
            for part in folder.join(link.split('#').next().unwrap()).components() {
                if part.as_os_str() == ".." {
                    target.pop();
                } else {
                    target.push(part);
                }
            }
            next.extend(target.to_str().filter(|target| pages.contains_key(*target)).map(str::to_owned));
        }
    }
    let unreached: Vec<_> = pages.keys().filter(|path| !reached.contains(*path)).collect();
    assert!(unreached.is_empty(), "{unreached:?}");
}

#[test]
fn every_file_that_a_page_names_exists() {
    let tops: BTreeSet<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "target" && name != ".local")
        .collect();
    let mut missing = Vec::new();
    for (path, page) in pages() {
        let home = Path::new(&path).parent().unwrap().to_path_buf();
        for span in spans(&page) {
            let is_path = span.chars().all(|c| c.is_alphanumeric() || "./_-".contains(c));
            let top = span.split('/').next().unwrap();
            // `/api/health` is a route.
            let is_path = is_path && !top.is_empty();
            // A folder's own page may name its files from there.
            let is_here = home != Path::new("") && root().join(&home).join(top).exists();
            if !is_path || !span.contains('/') || !(tops.contains(top) || is_here) {
                continue;
            }
            if !root().join(&span).exists() && !root().join(&home).join(&span).exists() {
                missing.push(format!("{path}: {span}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Whether this is a module of the crate `shared`, such as `billing::route`.
fn is_module(name: &str) -> bool {
    let inside = root().join("shared/src").join(name.replace("::", "/"));
    inside.is_dir() || inside.with_extension("rs").exists()
}

#[test]
fn every_rule_names_code_and_a_proof_that_there_are() {
    let known = names_in_the_schema();
    let is_code = |name: &str| {
        let in_the_schema = name.strip_prefix("billing.").unwrap_or(name);
        root().join(name).exists() || is_module(name) || known.contains(in_the_schema)
    };
    let is_test = |name: &str| root().join("tests/tests").join(name).exists() || is_code(name);
    let mut missing = Vec::new();
    let page = file("docs/RULES.md");
    let sections = page.lines().filter(|line| line.starts_with("## "));
    for row in sections.flat_map(|section| rows(&page, section)) {
        missing.extend(spans(&row[1]).into_iter().filter(|name| !is_code(name)));
        missing.extend(spans(&row[2]).into_iter().filter(|name| !is_test(name)));
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// The names of tables, views and functions of the database: each has a file, and two views have several.
fn names_in_the_schema() -> BTreeSet<String> {
    let mut known: BTreeSet<String> = ["organizations", "members"].map(str::to_owned).into();
    for name in migrations::FILES.iter().map(|file| file.name) {
        known.extend(name.split_once('/').map(|(_, name)| name.to_owned()));
    }
    known
}

#[test]
fn every_name_in_the_schema_that_a_page_names_has_its_file() {
    let known = names_in_the_schema();
    let mut unknown = Vec::new();
    for (path, page) in pages() {
        for (at, _) in page.match_indices("billing.").chain(page.match_indices("billing_private.")) {
            let is_inside_a_word = page[..at].ends_with(|c: char| c.is_alphanumeric() || "_-./@".contains(c));
            let rest = page[at..].split_once('.').unwrap().1;
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_lowercase() || "_0123456789".contains(*c)).collect();
            let end = rest[name.len()..].chars().next().unwrap_or(' ');
            // `billing.ts` and `billing.json` are files, `billing.hasEntitlement` is the client.
            let is_other = end.is_alphanumeric() || ["", "ts", "json", "js"].contains(&name.as_str());
            if !is_inside_a_word && !is_other && !known.contains(&name) && !is_method_of_the_client(&name) {
                unknown.push(format!("{path}: {name}"));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// The client is called `billing` in its examples, and some of its methods have one word.
fn is_method_of_the_client(name: &str) -> bool {
    file("client/src/client.ts").contains(&format!("  {name}("))
}

#[test]
fn no_line_is_wider_than_a_screen() {
    let mut wide = Vec::new();
    for (path, page) in pages() {
        for line in parted(&page).0 {
            let (width, limit) = (line.chars().count(), if line.starts_with('|') { 170 } else { 110 });
            if width > limit && !line.contains("](") {
                wide.push(format!("{path}: {width}: {line}"));
            }
        }
    }
    assert!(wide.is_empty(), "{wide:#?}");
}
