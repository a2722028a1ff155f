//! `cargo lambda watch`: AWS's Runtime API on this machine. Found, or installed for this project alone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::child::{Child, Signal};
use crate::problem::Problem;

const VERSION: &str = "1.9.2";
/// For pip: this version, and the hashes of its files. No other file is installed.
const HASHES: &str = include_str!("cargo-lambda.txt");

/// Finds cargo-lambda, or installs it from PyPI into `tools`.
///
/// # Errors
/// If there is none and it cannot be installed.
pub fn find_or_install(tools: &Path, say: &dyn Fn(&str)) -> Result<PathBuf, Problem> {
    let folder = tools.join(format!("cargo-lambda-{VERSION}"));
    for program in [PathBuf::from("cargo-lambda"), folder.join("bin/cargo-lambda")] {
        if runs(&program) {
            return Ok(program);
        }
    }
    say(&format!(
        "no cargo-lambda found: installing cargo-lambda {VERSION} with pip into {} (once)",
        folder.display()
    ));
    // --no-deps: zig, which it brings for cross-compiling, is not needed to run.
    let list = tools.join(format!("cargo-lambda-{VERSION}.txt"));
    std::fs::create_dir_all(tools).map_err(|error| Problem::file(tools, &error))?;
    std::fs::write(&list, HASHES).map_err(|error| Problem::file(&list, &error))?;
    let installed = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"])
        .arg("--require-hashes")
        .arg("--target")
        .args([folder.as_path(), Path::new("--requirement"), &list])
        .stdin(Stdio::null())
        .output();
    let program = folder.join("bin/cargo-lambda");
    if runs(&program) {
        return Ok(program);
    }
    let cause = match installed {
        Ok(output) => {
            String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("pip gave no reason").to_owned()
        }
        Err(_) => "there is no python3 with pip".to_owned(),
    };
    Err(Problem::new(format!(
        "cargo-lambda is not on this machine and could not be installed: {cause}. Install it (pip install \
         cargo-lambda, or brew install cargo-lambda)."
    )))
}

fn runs(program: &Path) -> bool {
    Command::new(program)
        .args(["lambda", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Starts the Runtime API on `port` and waits until it answers.
///
/// # Errors
/// If it does not come up.
pub async fn start(program: &Path, project: &Path, port: u16, log: &Path) -> Result<Child, Problem> {
    let file = File::create(log).map_err(|error| Problem::file(log, &error))?;
    let stderr = file.try_clone().map_err(|error| Problem::file(log, &error))?;
    let mut command = Command::new(program);
    // The functions are built and started by us; it brings the two HTTP interfaces between which AWS puts a
    // function.
    command.args([
        "lambda",
        "watch",
        "--only-lambda-apis",
        "--disable-cors",
        "-A",
        "127.0.0.1",
        "-P",
        &port.to_string(),
    ]);
    command.current_dir(project).stdout(file).stderr(stderr);
    let mut child = Child::start("cargo lambda watch", &mut command, Signal::Terminate, None)?;
    for _ in 0..400 {
        if child.has_ended() {
            break;
        }
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(child);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    Err(Problem::new(format!("cargo lambda watch did not come up on port {port}; see {}.", log.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_hashes_is_of_this_version() {
        assert!(HASHES.contains(&format!("\ncargo-lambda=={VERSION} \\\n    --hash=sha256:")), "{HASHES}");
    }
}
