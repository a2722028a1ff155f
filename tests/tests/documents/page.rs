//! Reading the pages: what is prose, what is code, what is named, linked or listed in a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use tests::root;

/// Folders that hold pages, besides the root of the repository.
const FOLDERS: [&str; 5] = ["docs", "client", "local", "migrations", "stripe-emulator"];

pub(super) fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The path of every page from the root of the repository, and its text.
pub(super) fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for folder in std::iter::once("").chain(FOLDERS) {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                pages.insert(path.clone(), file(&path));
            }
        }
    }
    assert!(pages.len() > 12, "{:?}", pages.keys());
    pages
}

/// A page's lines outside of blocks of code, and those inside.
pub(super) fn parted(page: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut prose, mut code, mut is_code) = (Vec::new(), Vec::new(), false);
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if is_code {
            code.push(line);
        } else {
            prose.push(line);
        }
    }
    (prose, code)
}

/// What stands between backticks in prose. A line break inside counts as a space.
pub(super) fn spans(page: &str) -> Vec<String> {
    let prose = parted(page).0.join("\n");
    prose.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")).collect()
}

/// The cells of the rows of all tables below this heading, up to the next one. Without the row of headings.
pub(super) fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let lines = page.lines().skip_while(|line| *line != heading).skip(1);
    let section = lines.take_while(|line| !line.starts_with("## "));
    let table = section.filter(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let inside = line.trim().trim_start_matches('|').trim_end_matches('|');
        inside.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    let rows: Vec<_> = table.map(cells).collect();
    let is_rule = |row: &Vec<String>| row.iter().all(|cell| cell.trim_matches('-').is_empty());
    let headings: BTreeSet<usize> =
        (0..rows.len()).filter(|at| is_rule(&rows[*at])).flat_map(|at| [at - 1, at]).collect();
    assert!(!headings.is_empty(), "there is no table below {heading}");
    rows.into_iter().enumerate().filter(|(at, _)| !headings.contains(at)).map(|(_, row)| row).collect()
}

/// How GitHub makes an anchor of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

pub(super) fn anchors(page: &str) -> BTreeSet<String> {
    let headings = parted(page).0.into_iter().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

/// The targets of a page's links and pictures.
pub(super) fn links(page: &str) -> Vec<String> {
    let prose = parted(page).0.join("\n");
    let targets = prose.split("](").skip(1);
    targets.map(|rest| rest.split(')').next().unwrap_or_default().to_owned()).collect()
}
