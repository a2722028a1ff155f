//! The programs that are measured: built for release, one package at a time, as they are deployed. (Built
//! together, their dependencies would get each other's features, and the small ones would be larger.)

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use shared::config::environment;

/// Built programs.
pub struct Programs {
    folder: PathBuf,
    /// How they were built.
    pub profile: String,
}

impl Programs {
    /// Builds these packages. `built`: a folder where they are already, which is trusted.
    pub fn build(root: &Path, packages: &[&str], built: Option<PathBuf>) -> Self {
        let profile = profile(&fs::read_to_string(root.join("Cargo.toml")).expect("Cargo.toml"));
        if let Some(folder) = built {
            return Self { folder, profile };
        }
        for package in packages {
            build(root, package, "release");
        }
        Self { folder: target(root).join("release"), profile }
    }

    /// The path of one.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Builds a package by one of the profiles of `Cargo.toml`, and tells where its program is.
pub fn build(root: &Path, package: &str, profile: &str) -> PathBuf {
    eprintln!("building {package}");
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args([
        "build",
        "--quiet",
        "--locked",
        "--profile",
        profile,
        "--package",
        package,
    ]);
    // Else it would think that it belongs to this package.
    cargo.env_remove("CARGO_MANIFEST_DIR");
    assert!(cargo.status().expect("cargo starts").success(), "{package} is not built");
    target(root).join(profile).join(package)
}

fn target(root: &Path) -> PathBuf {
    environment("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// `[profile.release]` on one line, and what the environment says instead.
fn profile(manifest: &str) -> String {
    let section = manifest.split("[profile.release]").nth(1).unwrap_or_default();
    let lines = section.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let settings = lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty());
    let mut settings: Vec<String> = settings.map(|line| line.replace('"', "")).collect();
    for name in ["opt-level", "lto", "codegen-units"] {
        let variable = format!("CARGO_PROFILE_RELEASE_{}", name.to_uppercase().replace('-', "_"));
        if let Some(value) = environment(&variable) {
            settings.push(format!("{name} = {value} ({variable})"));
        }
    }
    settings.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_what_the_manifest_says() {
        let manifest =
            "[profile.release]\nopt-level = \"s\"\nlto = false # why\n\n[profile.other]\nopt-level = 0\n";
        assert_eq!(profile(manifest), "opt-level = s, lto = false");
    }
}
