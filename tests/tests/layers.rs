//! Imports point down (ARCHITECTURE.md): the code itself is read, because no compiler holds modules of one
//! crate apart.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use tests::root;

/// A module of `shared`, and the ones that it may know besides itself, the lowest layer first.
const MAY_KNOW: [(&str, &str); 18] = [
    ("clock", ""),
    ("domain", ""),
    ("telemetry", "clock"),
    ("config", "domain"),
    ("secrets", "config"),
    ("exchange", ""),
    ("header_time", ""),
    ("jwks", "config exchange telemetry"),
    ("recent", "domain"),
    ("db", "config domain telemetry"),
    ("stripe", "config domain header_time telemetry"),
    ("error", "db stripe"),
    ("deadline", "db error stripe telemetry"),
    ("billing", "clock config db deadline domain error stripe telemetry"),
    ("app", "billing clock config db error jwks recent stripe"),
    ("http", "app config db domain error jwks recent stripe telemetry"),
    ("live", "app clock config error secrets telemetry"),
    ("serve", "app deadline error http live telemetry"),
];

/// What reads, waits, or asks for the time.
const IO_OR_CLOCK: [&str; 17] = [
    "::now(",
    ".await",
    "Clock",
    "Instant",
    "SystemTime",
    "async ",
    "hyper",
    "lambda_http",
    "reqwest",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "tokio",
    "tokio_postgres",
    "tracing",
];

/// A file's path from the root of the repository, and its lines of code: without comments, and without the
/// tests at its end.
struct Source {
    path: String,
    code: String,
}

impl Source {
    /// Every file in a folder and below.
    fn below(folder: &str) -> Vec<Self> {
        let root = root();
        let mut folders = vec![root.join(folder)];
        let mut sources = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path: PathBuf = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs")
                {
                    let text = fs::read_to_string(&path).unwrap();
                    let path = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                    sources.push(Self { path, code: code(&text) });
                }
            }
        }
        sources
    }

    /// The names of its module and of those around it: `billing`, `reconcile`, `sweep`.
    fn module(&self) -> Vec<&str> {
        let inside = self.path.split_once("/src/").unwrap().1.trim_end_matches(".rs");
        inside.trim_end_matches("/mod").split('/').collect()
    }

    /// The first names of all paths that begin with `root::`, such as `db` and `stripe` of `root::{db,
    /// stripe::Error}`.
    fn names_after(&self, root: &str) -> BTreeSet<&str> {
        let begin = format!("{root}::");
        let mut names = BTreeSet::new();
        for (at, _) in self.code.match_indices(&begin) {
            if !self.code[..at].ends_with(|c: char| c.is_alphanumeric() || "_:$".contains(c)) {
                names.extend(first_names(&self.code[at + begin.len()..]));
            }
        }
        names
    }

    /// The modules of its crate that it names.
    fn own_crate(&self) -> BTreeSet<&str> {
        let mut names = self.names_after("crate");
        // From here as many `super` lead to the top.
        names.extend(self.names_after(&vec!["super"; self.module().len()].join("::")));
        names
    }
}

fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    lines.filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// What a path goes on with: one name, or each one that a pair of braces begins with.
fn first_names(rest: &str) -> Vec<&str> {
    let name = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let Some(list) = rest.strip_prefix('{') else { return vec![&rest[..name(rest)]] };
    let (mut names, mut depth, mut is_first) = (Vec::new(), 0, true);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_first = true,
            c if is_first && !c.is_whitespace() => {
                names.push(&list[at..at + name(&list[at..])]);
                is_first = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn each_module_of_shared_knows_only_what_lies_below_it() {
    let mut wrong = Vec::new();
    for source in Source::below("shared/src") {
        let module = source.module()[0];
        if module == "lib" {
            continue;
        }
        let Some((_, below)) = MAY_KNOW.iter().find(|(name, _)| *name == module) else {
            panic!("{}: which layer is `{module}`? Give it a line in MAY_KNOW.", source.path);
        };
        let is_allowed =
            |name: &&str| *name == module || below.split_whitespace().any(|allowed| allowed == *name);
        let names = source.own_crate();
        wrong.extend(
            names.iter().filter(|name| !is_allowed(name)).map(|name| format!("{}: {name}", source.path)),
        );
    }
    assert!(wrong.is_empty(), "imports that do not point down: {wrong:#?}");
}

#[test]
fn the_layers_are_what_the_architecture_says() {
    let strangers =
        [("db", "stripe"), ("stripe", "db"), ("billing", "http"), ("billing", "app"), ("http", "billing")];
    for (number, (module, below)) in MAY_KNOW.iter().enumerate() {
        for name in below.split_whitespace() {
            assert!(!strangers.contains(&(module, name)), "{module} must not know {name}");
            // So no two know each other, by no detour.
            assert!(
                MAY_KNOW[..number].iter().any(|(lower, _)| *lower == name),
                "{name} is not below {module}"
            );
        }
    }
}

#[test]
fn the_domain_has_no_io_and_no_clock() {
    for source in Source::below("shared/src/domain") {
        let found: Vec<_> = IO_OR_CLOCK.iter().filter(|word| source.code.contains(*word)).collect();
        assert!(found.is_empty(), "{}: {found:?}", source.path);
    }
}

#[test]
fn functions_know_nothing_but_shared_and_commands_nothing_of_http() {
    let members = ["bench", "cli", "local", "migrations", "tests"];
    let functions: Vec<String> = fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    for function in &functions {
        let others = functions.iter().filter(|other| *other != function).map(String::as_str);
        let strangers: Vec<&str> = members.into_iter().chain(others).collect();
        for source in Source::below(&format!("functions/{function}/src")) {
            let lines = source.code.lines().map(|line| line.trim().trim_start_matches("pub "));
            let roots = lines.filter_map(|line| line.strip_prefix("use "));
            let known: Vec<_> = roots.filter(|root| strangers.contains(&first_names(root)[0])).collect();
            assert!(known.is_empty(), "{}: {known:?}", source.path);
        }
    }
    for source in Source::below("cli/src") {
        let known: Vec<_> = source
            .names_after("shared")
            .into_iter()
            .filter(|name| ["http", "live", "serve"].contains(name))
            .collect();
        assert!(known.is_empty(), "{}: {known:?}", source.path);
    }
}

#[test]
fn a_path_is_read_as_the_compiler_reads_it() {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), code: code(text) };
    let text = "\
//! Not [`this`](crate::this).
use crate::db::{self, Error};
use crate::{
    app::App, stripe::{Error as Refusal, wire::List},
};
use super::sibling;
fn work() { super::super::super::http::call(pubcrate::no(), $crate::macros) }
#[cfg(test)]
mod tests { use crate::late; }";
    let found = source("shared/src/billing/reconcile/sweep.rs", text);
    assert_eq!(found.module(), ["billing", "reconcile", "sweep"]);
    assert_eq!(found.own_crate().into_iter().collect::<Vec<_>>(), ["app", "db", "http", "stripe"]);
    assert_eq!(source("shared/src/billing/mod.rs", "").module(), ["billing"]);
}
