//! The SQL files, embedded.

use sha2::{Digest, Sha256};

/// A SQL file of `migrations/`, embedded when the crate is built.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Folder and name without the ending: `tables/V1__schemas_and_roles`, `functions/pf_apply_event`.
    pub name: &'static str,
    /// The file's text.
    pub sql: &'static str,
}

/// All files, in the order in which they are applied.
pub const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// How a file begins that makes roles, or changes what is Supabase's: what the owner of our schemas may not
/// do.
const AS_MIGRATOR: &str = "-- Runs as the role that migrates.";

impl File {
    /// Whether it is applied once and never changes. The others are definitions: applied again when their
    /// content differs.
    pub fn is_migration(&self) -> bool {
        self.name.starts_with("tables/")
    }

    /// The function or view that it defines. None: it is a migration, or a table's policies.
    pub fn defines(&self) -> Option<&'static str> {
        self.name.strip_prefix("functions/").or_else(|| self.name.strip_prefix("views/"))
    }

    /// The number of a migration, 0 for a definition.
    pub fn version(&self) -> i64 {
        let digits = self.name.strip_prefix("tables/V").and_then(|rest| rest.split_once("__"));
        digits.and_then(|(digits, _)| digits.parse().ok()).unwrap_or_default()
    }

    /// Whether it runs as the role that migrates, and not as the owner of our schemas.
    pub fn runs_as_migrator(&self) -> bool {
        self.sql.starts_with(AS_MIGRATOR)
    }

    /// SHA-256 of its content, in hexadecimal.
    pub fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_come_first_and_are_numbered_without_a_gap() {
        let versions: Vec<i64> =
            FILES.iter().take_while(|file| file.is_migration()).map(File::version).collect();
        let all: Vec<i64> = FILES.iter().filter(|file| file.is_migration()).map(File::version).collect();
        assert_eq!(versions, all);
        assert_eq!(versions, (1..=i64::try_from(versions.len()).unwrap()).collect::<Vec<_>>());
    }

    #[test]
    fn a_function_is_defined_in_the_file_of_its_name_and_nowhere_else() {
        for file in FILES {
            let defined: Vec<&str> = file
                .sql
                .split("create or replace ")
                .skip(1)
                .map(|rest| rest.split([' ', '(']).nth(1).unwrap_or_default())
                .map(|name| name.split_once('.').map_or(name, |(_, name)| name))
                .collect();
            let (folder, name) = file.name.split_once('/').unwrap();
            match folder {
                "functions" | "views" => assert_eq!(defined, [name], "{}", file.name),
                _ => assert!(defined.is_empty(), "{}", file.name),
            }
        }
    }
}
