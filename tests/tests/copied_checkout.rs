//! A checkout that was copied or moved, with its `target`, works in its own folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use tests::openapi::FILE;
use tests::{program, root};

/// A folder that looks like a checkout, and goes with this value.
struct Copy(std::path::PathBuf);

impl Copy {
    fn make(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("promptforge-{name}-{}", std::process::id()));
        for package in ["local", "tests", "target/debug"] {
            fs::create_dir_all(folder.join(package)).unwrap();
        }
        for file in ["Cargo.toml", "template.yaml", "local/Cargo.toml", "tests/Cargo.toml"] {
            fs::copy(root().join(file), folder.join(file)).unwrap();
        }
        Self(folder)
    }

    /// What a program of ours wrote here.
    fn take_document(&self) -> Option<String> {
        let text = fs::read_to_string(self.0.join(FILE)).ok();
        let _ = fs::remove_file(self.0.join(FILE));
        text
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(program: &Path, current: &Path, manifest: Option<&Path>) {
    let mut command = Command::new(program);
    command.current_dir(current).env_remove("CARGO_MANIFEST_DIR");
    command.envs(manifest.map(|folder| ("CARGO_MANIFEST_DIR", folder)));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_program_of_a_copied_checkout_leaves_the_original_alone() {
    let copy = Copy::make("copied");
    let written = || fs::metadata(root().join(FILE)).unwrap().modified().unwrap();
    let before = written();
    let (ours, copied) = (program::of_this_build("openapi"), copy.0.join("target/debug/openapi"));
    fs::copy(&ours, &copied).unwrap();
    // As cargo runs it, from a shell in the copy, and from nowhere in particular.
    run(&copied, &root(), Some(&copy.0.join("tests")));
    let document = copy.take_document().expect("written where cargo ran it");
    assert!(document.contains("PromptForge Billing"));
    run(&ours, &copy.0.join("local"), None);
    assert!(copy.take_document().is_some(), "written where we are");
    run(&copied, Path::new("/"), None);
    assert!(copy.take_document().is_some(), "written where the program lies");
    assert_eq!(written(), before, "the original is untouched");
}

#[test]
fn no_path_of_the_build_is_in_a_program() {
    let mut folders: Vec<_> =
        ["cli", "functions", "local", "migrations", "shared", "tests"].map(|name| root().join(name)).into();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                let is_ours = !path.ends_with("node_modules") && !path.ends_with("target");
                folders.extend(is_ours.then_some(path));
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                // The version is what it was built as; what a build script made is embedded, and not looked
                // for.
                let baked = text
                    .split(concat!("env", "!(\""))
                    .skip(1)
                    .filter(|name| !name.starts_with("CARGO_PKG_VERSION") && !name.starts_with("OUT_DIR"));
                found.extend(
                    baked.map(|name| format!("{}: {}", path.display(), name.split('"').next().unwrap())),
                );
            }
        }
    }
    assert!(found.is_empty(), "read these at run time: {found:#?}");
}
