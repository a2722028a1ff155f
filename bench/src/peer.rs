//! Another project that takes the same events: stripe-sync-engine, which copies Stripe's objects into tables.
//! It knows no organizations, no entitlements and no order but by time.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shared::config::environment;

use crate::requests::SIGNING_SECRET;
use crate::runtime::Environment;

/// What is installed in `bench/peer/`.
pub struct Peer {
    /// Node runs it, by its first line.
    pub program: PathBuf,
}

impl Peer {
    /// Requests of each instance before the first one counts: Node compiles what is often run.
    pub const TO_WARM: u32 = 1000;

    /// Installs what its lock file names. None: there is no npm here, or it could not.
    pub fn install(root: &Path) -> Option<Self> {
        let folder = root.join("bench/peer");
        let mut npm = Command::new("npm");
        npm.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        let installed = npm.stdin(Stdio::null()).status().is_ok_and(|status| status.success());
        installed.then(|| Self { program: folder.join("function.mjs") })
    }

    /// Makes its tables in the database at this address.
    pub fn migrate(&self, url: String) {
        let mut command = Command::new(&self.program);
        let status = command.arg("migrate").envs(Self::environment(url)).status().expect("node starts");
        assert!(status.success(), "stripe-sync-engine has its tables");
    }

    /// Its variables with the database at this address.
    pub fn environment(url: String) -> Environment {
        vec![
            ("PATH", environment("PATH").unwrap_or_default()),
            ("DATABASE_URL", url),
            ("STRIPE_SECRET_KEY", "sk_test_bench".to_owned()),
            ("STRIPE_WEBHOOK_SECRET", SIGNING_SECRET.to_owned()),
        ]
    }
}
