//! Files that hold secrets of the local stack.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::problem::Problem;

/// Writes a file that we alone can read. It appears whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: &Path, contents: &[u8]) -> Result<(), Problem> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let write = || {
        fs::write(&draft, [])?;
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o600))?;
        fs::write(&draft, contents)?;
        fs::rename(&draft, path)
    };
    write().map_err(|error| Problem::file(path, &error))
}
