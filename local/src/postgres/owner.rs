//! Who runs the server. PostgreSQL refuses root, so root lends it the user `nobody`; anyone else runs it as
//! themselves.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::problem::Problem;

/// The user that the server runs as.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// None: ourselves.
    lent: Option<(u32, u32)>,
}

impl Owner {
    /// Ourselves, or `nobody` if we are root.
    ///
    /// # Errors
    /// If we are root and there is no user `nobody`.
    pub fn detect() -> Result<Self, Problem> {
        // A file that we just made tells who we are, without unsafe code.
        let probe = std::env::temp_dir().join(format!(
            "promptforge-owner-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        fs::write(&probe, []).map_err(|error| Problem::file(&probe, &error))?;
        let uid = fs::metadata(&probe).map(|meta| meta.uid());
        let removed = fs::remove_file(&probe);
        let uid = uid.and_then(|uid| removed.map(|()| uid)).map_err(|error| Problem::file(&probe, &error))?;
        if uid != 0 {
            return Ok(Self { lent: None });
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let nobody = users
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|fields| fields.first() == Some(&"nobody"));
        let ids =
            nobody.and_then(|fields| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)));
        match ids {
            Some(ids) => Ok(Self { lent: Some(ids) }),
            None => Err(Problem::new(
                "PostgreSQL refuses to run as root, and there is no user nobody to run it as. Run this as \
                 another user.",
            )),
        }
    }

    /// Whether the server runs as another user than we do.
    pub fn is_lent(self) -> bool {
        self.lent.is_some()
    }

    /// Makes a command run as this user.
    pub fn run(self, command: &mut Command) -> &mut Command {
        match self.lent {
            // The server must not inherit a working directory that it cannot enter.
            Some((uid, gid)) => command.uid(uid).gid(gid).current_dir("/"),
            None => command,
        }
    }

    /// Makes a folder that only this user may enter.
    ///
    /// # Errors
    /// If it cannot be made, or is somebody else's.
    pub fn make_private(self, folder: &Path) -> Result<(), Problem> {
        let own = || {
            fs::create_dir_all(folder)?;
            if let Some((uid, gid)) = self.lent {
                chown(folder, Some(uid), Some(gid))?;
            }
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
        };
        own().map_err(|error| Problem::file(folder, &error))
    }
}

/// `home`, if the server's user can reach it; else a folder below `/var/tmp` that belongs to that path. A
/// checkout below root's home is closed to everybody else.
pub fn reachable_home(home: &Path, owner: Owner) -> PathBuf {
    let open = |folder: &Path| fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o001 != 0);
    if !owner.is_lent() || home.ancestors().skip(1).all(open) {
        return home.to_owned();
    }
    let name: String =
        home.to_string_lossy().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Path::new("/var/tmp").join(format!("promptforge-billing{name}"))
}
