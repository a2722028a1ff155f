//! The checkout that a program works for. Not the one that it was built in: a copied checkout brings its
//! `target` along, and a program out of that would drive the original's stack.

use std::path::{Path, PathBuf};

use shared::config::environment;

use crate::problem::Problem;

/// The root of the checkout that cargo runs this program from, or else that we are in, or else that the
/// program lies in.
///
/// # Errors
/// If none of them lies in a checkout.
pub fn root() -> Result<PathBuf, Problem> {
    let package = environment("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let places = [package, std::env::current_dir().ok(), std::env::current_exe().ok()];
    first_around(places.into_iter().flatten()).ok_or_else(|| {
        Problem::new(
            "There is no checkout of this project here: neither around the current folder nor around this \
             program. Go to one first.",
        )
    })
}

/// The checkout around the first of the places that lies in one.
fn first_around(places: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    places.into_iter().find_map(|place| place.ancestors().find(|folder| is_root(folder)).map(Path::to_owned))
}

fn is_root(folder: &Path) -> bool {
    ["Cargo.toml", "template.yaml", "local/Cargo.toml"].iter().all(|file| folder.join(file).is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_checkout_around_the_first_place_that_lies_in_one_counts() {
        let folder = std::env::temp_dir().join(format!("promptforge-checkouts-{}", std::process::id()));
        let (one, other) = (folder.join("one"), folder.join("other"));
        for root in [&one, &other] {
            fs::create_dir_all(root.join("local/src")).unwrap();
            for file in ["Cargo.toml", "template.yaml", "local/Cargo.toml"] {
                fs::write(root.join(file), "").unwrap();
            }
        }
        let around = |places: &[PathBuf]| first_around(places.to_vec());
        assert_eq!(around(&[one.join("local"), other.join("local")]), Some(one.clone()));
        assert_eq!(around(&[folder.clone(), other.join("local/src")]), Some(other.clone()));
        assert_eq!(around(&[other.join("target/debug/local"), one]), Some(other));
        assert_eq!(around(std::slice::from_ref(&folder)), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
