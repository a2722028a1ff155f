//! A function's program, as Lambda starts it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Variables of a function.
pub type Environment = Vec<(&'static str, String)>;

/// A running program. It ends with this value.
pub struct Instance(Child);

impl Instance {
    /// Starts a program with nothing but these variables and Lambda's own. What it logs is formatted and
    /// written as in production, and thrown away.
    pub fn start(program: &Path, address: &str, environment: &Environment) -> Self {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("RUST_LOG", "info")
            .env("METRICS_NAMESPACE", "bench")
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display())))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Err: it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
