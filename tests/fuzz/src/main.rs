//! libFuzzer with one of the targets: the one whose name the first folder has. `tests/fuzz/run` builds it.
#![no_main]
#![allow(clippy::expect_used, unsafe_code)] // libFuzzer calls a function of this name from C++.

use std::path::Path;
use std::sync::OnceLock;

use fuzz::{Target, target};
use libfuzzer_sys::fuzz_target;

static CHOSEN: OnceLock<Target> = OnceLock::new();

/// The first argument that is no option is a folder with the name of a target.
fn chosen() -> Target {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let folder = folder.expect("a folder with the name of a target");
    let name = Path::new(&folder).file_name().and_then(|name| name.to_str()).expect("a name");
    target(name).expect("a target of this name")
}

fuzz_target!(|input: &[u8]| (CHOSEN.get_or_init(chosen).run)(input));
