//! `.local/dev.json`: what a script needs to know of the running stack; `.local/operator.env`: what the
//! `billing` command needs. Removed when it ends.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::people::{People, Person};
use super::private_file;
use crate::problem::Problem;

/// What `.local/dev.json` holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The address of the API, without a slash at its end.
    pub base_url: String,
    /// Where Stripe's events go.
    pub webhook_url: String,
    /// The secret that signs the events, `whsec_...`.
    pub webhook_secret: String,
    /// The address of the console page.
    pub console_url: String,
    /// The address of the database, as its superuser.
    pub database_url: String,
    /// The address of Stripe's API, emulated or not.
    pub stripe_api_base: String,
    /// The key for Stripe's API, `sk_test_...`.
    pub stripe_secret_key: String,
    /// Where people sign in: supabase-js takes it.
    pub supabase_url: String,
    /// The id of the demo organization, a UUID.
    pub org_id: String,
    /// Its people, and an outsider.
    pub users: People<SignedIn>,
    /// The process ids of what runs, by name.
    pub pids: BTreeMap<String, u32>,
}

/// A person, and a token to call the API with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    /// The person who is signed in.
    #[serde(flatten)]
    pub person: Person,
    /// For `Authorization: Bearer`, good for 30 days.
    pub access_token: String,
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
        let text =
            serde_json::to_string_pretty(descriptor).map_err(|error| Problem::new(error.to_string()))?;
        private_file::write(path, text.as_bytes())?;
        Ok(Self(path.to_owned()))
    }
}

impl DescriptorFile {
    /// Writes the variables of an environment as a shell reads them.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_environment(path: &Path, variables: &[(&str, String)]) -> Result<Self, Problem> {
        let lines: String = variables
            .iter()
            .map(|(name, value)| format!("export {name}='{}'\n", value.replace('\'', r"'\''")))
            .collect();
        private_file::write(path, lines.as_bytes())?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for DescriptorFile {
    fn drop(&mut self) {
        // Err: somebody removed it already.
        let _ = fs::remove_file(&self.0);
    }
}
