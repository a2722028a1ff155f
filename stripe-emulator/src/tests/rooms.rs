//! The plan of the house: which room may use which, that imports run in no circle, and that nothing of ours
//! is used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Each room with the rooms it may use. `lib.rs` and `main.rs` stand above them all, the tests outside.
const ROOMS: [(&str, &[&str]); 8] = [
    ("wire", &[]),
    ("store", &["wire"]),
    ("life", &["store", "wire"]),
    ("api", &["life", "store", "wire"]),
    ("delivery", &["store", "wire"]),
    ("emulator", &["api", "delivery", "life", "store", "wire"]),
    ("pages", &["delivery", "emulator", "life", "store", "wire"]),
    ("server", &["api", "delivery", "emulator", "life", "pages", "store", "wire"]),
];

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

/// The code of each file by its module, such as `life::invoice`. Unit tests and comments are left out.
fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for (room, _) in ROOMS {
        read(&Path::new(SOURCES).join(room), room, &mut files);
    }
    files
}

fn read(folder: &Path, module: &str, files: &mut BTreeMap<String, String>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let inner = if name == "mod" { module.to_owned() } else { format!("{module}::{name}") };
        if path.is_dir() {
            read(&path, &inner, files);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().lines();
            let code: Vec<&str> = code.filter(|line| !line.trim_start().starts_with("//")).collect();
            files.insert(inner, code.join("\n"));
        }
    }
}

/// What the `use` lines of a file name, each name in full.
fn uses(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = code.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let item = line.strip_prefix("pub(crate) ").or(line.strip_prefix("pub ")).unwrap_or(line);
        let Some(tree) = item.strip_prefix("use ") else { continue };
        let mut tree = tree.to_owned();
        while !tree.contains(';') {
            tree.push_str(lines.next().unwrap());
        }
        unfold("", tree.split(';').next().unwrap(), &mut names);
    }
    names
}

/// `a::{b, c::{self, d}}` is `a::b`, `a::c` and `a::c::d`.
fn unfold(before: &str, tree: &str, names: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((path, inside)) = tree.split_once('{') else {
        let name = format!("{before}{}", tree.split(" as ").next().unwrap());
        names.push(name.strip_suffix("::self").unwrap_or(&name).to_owned());
        return;
    };
    let before = format!("{before}{path}");
    let mut depth = 0;
    let parts = inside.strip_suffix('}').unwrap().split(|character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        character == ',' && depth == 0
    });
    parts.filter(|part| !part.trim().is_empty()).for_each(|part| unfold(&before, part, names));
}

/// A name as it is called from the crate's root, such as `life::invoice::draft`. None: it is another crate's.
fn ours(file: &str, name: &str) -> Option<String> {
    let (mut module, mut name) = match name.split_once("::")? {
        ("crate", rest) => return Some(rest.to_owned()),
        ("self", rest) => (file, rest),
        ("super", _) => (file, name),
        _ => return None,
    };
    while let Some(rest) = name.strip_prefix("super::") {
        (module, name) = (module.rsplit_once("::").map_or("", |(outer, _)| outer), rest);
    }
    Some(if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") })
}

#[test]
fn no_room_uses_a_room_above_it() {
    let mut upward = BTreeSet::new();
    for (file, code) in &files() {
        let room = file.split("::").next().unwrap();
        let (_, allowed) = ROOMS.iter().find(|(name, _)| *name == room).unwrap();
        let imported = uses(code).into_iter().filter_map(|name| ours(file, &name));
        // A path may be named without an import.
        let named = code.split("crate::").skip(1).map(str::to_owned);
        for name in imported.chain(named) {
            let other = name.split(|letter: char| !letter.is_alphanumeric()).next().unwrap();
            if other != room && !allowed.contains(&other) {
                upward.insert(format!("{file} uses {other}"));
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn no_file_imports_what_imports_it() {
    let files = files();
    let owner = |name: &str| {
        let mut outward =
            std::iter::successors(Some(name), |module| module.rsplit_once("::").map(|(outer, _)| outer));
        outward.find_map(|module| files.get_key_value(module)).map(|(file, _)| file.as_str())
    };
    let imports: BTreeMap<&str, BTreeSet<&str>> = files
        .iter()
        .map(|(file, code)| {
            let names = uses(code).into_iter().filter_map(|name| ours(file, &name));
            let others = names.filter_map(|name| owner(&name)).filter(|other| other != file);
            (file.as_str(), others.collect())
        })
        .collect();
    assert!(imports["life::due"].contains("life::subscription") && imports["pages::panel"].contains("store"));
    let reaches_itself = |file: &&str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![*file]);
        while let Some(next) = open.pop() {
            open.extend(imports[next].iter().copied().filter(|other| seen.insert(*other)));
        }
        seen.contains(file)
    };
    let circle: Vec<&str> = imports.keys().copied().filter(reaches_itself).collect();
    assert!(circle.is_empty(), "{circle:#?}");
}

#[test]
fn nothing_of_the_workspace_is_used() {
    let workspace = include_str!("../../../Cargo.toml");
    let members = workspace.lines().filter_map(|line| line.split_once(" = { path = "));
    let members: BTreeSet<&str> = members.map(|(name, _)| name).collect();
    assert!(members.contains("shared") && members.contains("local"), "members are named by their paths");
    for line in include_str!("../../Cargo.toml").lines() {
        let name = line.split(['.', ' ', '=']).next().unwrap();
        assert!(!members.contains(name), "Cargo.toml: {line}");
    }
    for (file, code) in &files() {
        for name in uses(code).into_iter().filter(|name| ours(file, name).is_none()) {
            let other = name.split("::").next().unwrap().replace('_', "-");
            assert!(!members.contains(other.as_str()), "{file} uses {name}");
        }
    }
}

#[test]
fn every_folder_is_a_room_with_its_place() {
    let folders = fs::read_dir(SOURCES).unwrap().map(|entry| entry.unwrap());
    let folders = folders.filter(|entry| entry.file_type().unwrap().is_dir());
    let found: BTreeSet<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let known = ROOMS.iter().map(|(room, _)| (*room).to_owned()).chain(["tests".to_owned()]);
    assert_eq!(found, known.collect::<BTreeSet<_>>());
}
