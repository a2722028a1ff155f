//! A function's program as Lambda starts it: an environment, and the address of the Runtime API.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::runtime_api::RuntimeApi;

/// A program of the build that the running test is of: cargo puts it beside the folder of the tests. (Where
/// it was when the test was built, which `env!` would say, may be another checkout's.)
pub fn of_this_build(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a program knows itself");
    test.parent().expect("tests lie in a folder").with_file_name(name)
}

/// A running program. It ends with this value.
#[derive(Debug)]
pub struct Program(Child);

impl Program {
    /// Starts a program that believes the callers' headers, with nothing but these variables.
    pub fn start(path: &Path, runtime: &RuntimeApi, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(path);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", &runtime.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("IDENTITY_SOURCE", "trusted_headers")
            .envs(environment.iter().copied())
            .stdout(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Err: it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
