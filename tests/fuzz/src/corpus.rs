//! The inputs that others are made of.

use std::path::{Path, PathBuf};

/// Files elsewhere in the checkout that a target may begin with.
const ELSEWHERE: [(&str, &str); 2] = [("envelope", "events"), ("event", "events/stripe")];

/// The corpus of a target, in the order of its files' names.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    // Cargo starts a test in its package, and `tests/fuzz/run` starts in the checkout.
    let here = [".", "fuzz", "tests/fuzz"].map(Path::new).into_iter().find(|it| it.join("corpus").is_dir());
    let here = here.expect("started in the checkout");
    let elsewhere = ELSEWHERE.into_iter().filter(|(name, _)| *name == target);
    let folders = elsewhere.map(|(_, folder)| here.join("../..").join(folder));
    let mut files: Vec<PathBuf> =
        folders.chain([here.join("corpus").join(target)]).flat_map(|folder| files(&folder)).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("a file of the corpus")).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of the corpus");
    entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()).collect()
}
