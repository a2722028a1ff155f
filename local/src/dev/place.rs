//! Where things are on disk.

use std::fs;
use std::path::{Path, PathBuf};

use crate::postgres::{Owner, reachable_home};
use crate::problem::Problem;
use crate::project;

/// The folders of this checkout's local stack.
#[derive(Clone, Debug)]
pub struct Place {
    /// The root of the checkout.
    pub project: PathBuf,
    /// `.local`, which git ignores.
    pub home: PathBuf,
    /// Where PostgreSQL's user can reach: `.local`, unless root's home hides it.
    pub reachable: PathBuf,
}

impl Place {
    /// Finds the checkout and makes the folders.
    ///
    /// # Errors
    /// If there is none, or they cannot be made.
    pub fn find(owner: Owner) -> Result<Self, Problem> {
        let project = project::root()?;
        let home = project.join(".local");
        let reachable = reachable_home(&home, owner);
        for folder in [&home, &reachable] {
            fs::create_dir_all(folder).map_err(|error| Problem::file(folder, &error))?;
        }
        Ok(Self { project, home, reachable })
    }

    /// Takes the folders for us, until the file is closed. A descriptor that a killed run left behind is
    /// removed.
    ///
    /// # Errors
    /// If another `cargo dev` has them.
    pub fn take(&self) -> Result<fs::File, Problem> {
        let path = self.home.join("dev.lock");
        let file = fs::File::create(&path).map_err(|error| Problem::file(&path, &error))?;
        file.try_lock().map_err(|_| {
            Problem::new(format!(
                "cargo dev runs already in {}. End it first, or use another checkout.",
                self.project.display()
            ))
        })?;
        Self::remove(&self.home.join("dev.json"))?;
        Ok(file)
    }

    /// Programs that were fetched.
    pub fn tools(&self) -> PathBuf {
        self.reachable.join("tools")
    }

    /// Removes a file or folder if it is there.
    ///
    /// # Errors
    /// If it stays.
    pub fn remove(path: &Path) -> Result<(), Problem> {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Problem::file(path, &error)),
            _ => Ok(()),
        }
    }
}
