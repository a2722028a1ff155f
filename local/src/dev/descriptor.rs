//! `.local/dev.json`: what a script needs to know of the running stack. Removed when it ends.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::people::People;
use crate::problem::Problem;

/// The contents.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Of the API.
    pub base_url: String,
    /// Where Stripe's events go.
    pub webhook_url: String,
    /// What they are signed with.
    pub webhook_secret: String,
    /// The console page.
    pub console_url: String,
    /// As the local cluster's superuser.
    pub database_url: String,
    /// Of Stripe's API, emulated or not.
    pub stripe_api_base: String,
    /// Its key.
    pub stripe_secret_key: String,
    /// The demo organization.
    pub org_id: String,
    /// Its people, and an outsider.
    pub users: People,
    /// What runs, by name.
    pub pids: BTreeMap<String, u32>,
}

/// The file, as long as it is there.
#[derive(Debug)]
pub struct DescriptorFile(PathBuf);

impl DescriptorFile {
    /// Writes the file, readable for us alone: it holds secrets. It appears whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(path: &Path, descriptor: &Descriptor) -> Result<Self, Problem> {
        use std::os::unix::fs::PermissionsExt;
        let text =
            serde_json::to_string_pretty(descriptor).map_err(|error| Problem::new(error.to_string()))?;
        let draft = path.with_extension("json.new");
        let write = || {
            fs::write(&draft, text)?;
            fs::set_permissions(&draft, fs::Permissions::from_mode(0o600))?;
            fs::rename(&draft, path)
        };
        write().map_err(|error| Problem::file(path, &error))?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for DescriptorFile {
    fn drop(&mut self) {
        // Err: somebody removed it already.
        let _ = fs::remove_file(&self.0);
    }
}
