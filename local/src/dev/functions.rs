//! The Lambda functions: built by cargo, run as the very programs that are deployed.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use shared::config::{Function, environment};

use crate::child::{Child, Signal};
use crate::problem::Problem;

/// How many processes run a function: each answers one request at a time.
pub(super) fn processes(function: Function) -> usize {
    match function {
        Function::Entitlements | Function::Webhook => 2,
        _ => 1,
    }
}

/// Builds the functions and returns the program of each. They are built as the tests are, with the features
/// of the whole workspace, so that nothing is built twice.
///
/// # Errors
/// If the build fails: cargo has said why.
pub fn build(project: &Path, release: bool) -> Result<HashMap<String, PathBuf>, Problem> {
    let mut command = Command::new(environment("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    command.args(["build", "--quiet", "--message-format=json-render-diagnostics"]).current_dir(project);
    command.args(Function::ALL.iter().flat_map(|function| ["--bin", function.name()]));
    if release {
        command.arg("--release");
    }
    // What `cargo run` told us about ourselves would make cargo build half of the dependencies anew, now and
    // again next time.
    let ours = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    });
    for name in ours {
        command.env_remove(name);
    }
    let built = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = built.map_err(|error| Problem::new(format!("cargo does not start: {error}.")))?;
    if !output.status.success() {
        return Err(Problem::new("The functions do not build; cargo says why above."));
    }
    #[derive(Deserialize)]
    struct Artifact {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    // Lines of other kinds have other fields and are passed over.
    let artifacts = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Artifact>(line).ok());
    Ok(artifacts.filter_map(|artifact| Some((artifact.target.name, artifact.executable?))).collect())
}

/// Starts every function against the Runtime API on `runtime_port`, with this environment, the address of the
/// database for its own login, and nothing of ours.
///
/// # Errors
/// If one does not start.
pub fn start(
    programs: &HashMap<String, PathBuf>,
    runtime_port: u16,
    environment: &[(&str, String)],
    database_url: impl Fn(&str) -> String,
    log: &Path,
) -> Result<Vec<Child>, Problem> {
    let mut children = Vec::new();
    for function in Function::ALL {
        let name = function.name();
        let program = programs
            .get(name)
            .ok_or_else(|| Problem::new(format!("cargo built no program for the function {name}.")))?;
        for _ in 0..processes(function) {
            let file = File::options()
                .create(true)
                .append(true)
                .open(log)
                .map_err(|error| Problem::file(log, &error))?;
            let mut command = Command::new(program);
            command
                .env_clear()
                .envs(environment.iter().map(|(name, value)| (*name, value)))
                .envs(function.login().map(|login| ("DATABASE_URL", database_url(login.role()))))
                .env("AWS_LAMBDA_RUNTIME_API", format!("http://127.0.0.1:{runtime_port}/.rt/{name}"))
                .env("AWS_LAMBDA_FUNCTION_NAME", name)
                .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
                .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
                .stdout(file)
                .stderr(Stdio::inherit());
            children.push(Child::start(name, &mut command, Signal::Terminate, None)?);
        }
    }
    Ok(children)
}
