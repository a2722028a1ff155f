//! The Lambda functions: built by cargo, run as the very programs that are deployed.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::child::{Child, Signal};
use crate::problem::Problem;

/// A function, and how many processes run it: each answers one request at a time.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// What is in front of it.
    pub front: Front,
    /// The database login it gets.
    login: Option<&'static str>,
    /// How many run.
    processes: usize,
}

/// How a function is reached. Routes are a method and a path.
#[derive(Debug)]
pub enum Front {
    /// A route of the HTTP API, behind the authorizer.
    Authorized(&'static str, &'static str),
    /// A route of the HTTP API that is open to anyone.
    Open(&'static str, &'static str),
    /// A URL of its own, with nothing in between.
    FunctionUrl(&'static str, &'static str),
    /// Not at all: API Gateway asks it.
    Nothing,
    /// Called every so many minutes.
    Schedule(u64),
}

impl Front {
    /// Its route, if it has one.
    pub fn route(&self) -> Option<(&'static str, &'static str)> {
        match *self {
            Self::Authorized(method, path) | Self::Open(method, path) | Self::FunctionUrl(method, path) => {
                Some((method, path))
            }
            Self::Nothing | Self::Schedule(_) => None,
        }
    }
}

/// The function that API Gateway asks who is calling.
pub const AUTHORIZER: &str = "authorizer";

/// The functions, as template.yaml deploys them.
pub const FUNCTIONS: &[Function] = &[
    function(AUTHORIZER, Front::Nothing, None, 2),
    function("checkout", Front::Authorized("POST", "/api/billing/checkout"), Some("billing_checkout"), 1),
    function("portal", Front::Authorized("POST", "/api/billing/portal"), Some("billing_checkout"), 1),
    function("sync", Front::Authorized("POST", "/api/billing/sync"), Some("billing_events"), 1),
    function("entitlements", Front::Authorized("GET", "/api/entitlements"), Some("billing_reader"), 2),
    function("webhook", Front::FunctionUrl("POST", "/api/webhooks/stripe"), Some("billing_events"), 2),
    function("health", Front::Open("GET", "/api/health"), Some("billing_reader"), 1),
    function("reconcile", Front::Schedule(15), Some("billing_operator"), 1),
];

const fn function(
    name: &'static str,
    front: Front,
    login: Option<&'static str>,
    processes: usize,
) -> Function {
    Function { name, front, login, processes }
}

/// Builds the functions and returns the program of each.
///
/// # Errors
/// If the build fails: cargo has said why.
pub fn build(project: &Path, release: bool) -> Result<HashMap<String, PathBuf>, Problem> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["build", "--quiet", "--bins", "--message-format=json-render-diagnostics"])
        .current_dir(project);
    command.args(FUNCTIONS.iter().flat_map(|function| ["--package", function.name]));
    if release {
        command.arg("--release");
    }
    // What `cargo run` told us about ourselves would make cargo build half of the dependencies anew, now and again next time.
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

/// Starts every function against the Runtime API on `runtime_port`, with this environment, the address of the database for its own
/// login, and nothing of ours.
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
    for Function { name, login, processes, .. } in FUNCTIONS {
        let program = programs
            .get(*name)
            .ok_or_else(|| Problem::new(format!("cargo built no program for the function {name}.")))?;
        for _ in 0..*processes {
            let file = File::options()
                .create(true)
                .append(true)
                .open(log)
                .map_err(|error| Problem::file(log, &error))?;
            let mut command = Command::new(program);
            command
                .env_clear()
                .envs(environment.iter().map(|(name, value)| (*name, value)))
                .envs(login.map(|login| ("DATABASE_URL", database_url(login))))
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
