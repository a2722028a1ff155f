//! Signatures as we check them, beside Stripe's official SDK: `STRIPE_SDK_PYTHON=... cargo test --package
//! tests --features sdk --test sdk`, with a Python that has `tests/sdk/python/requirements.txt`.
#![allow(clippy::expect_used, clippy::unwrap_used)] // A test that cannot go on shall panic.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fuzz::sdk::{Case, SECRET, TOLERANCE};
use fuzz::{Mutator, corpus};
use jiff::Timestamp;
use serde_json::json;
use shared::config::{Secret, environment};
use shared::stripe::signature::verify;
use tests::root;

const NOW: i64 = 1_800_000_000;
const CASES: usize = 20_000;

/// The corpus of the target `signature`, and what is made of it at random. A payload is
/// text to the SDK, and a header is ASCII to our function.
fn cases() -> Vec<Case> {
    let corpus = corpus("signature");
    let mut mutator = Mutator::new(corpus.clone(), 7);
    let random = std::iter::repeat_with(|| mutator.next_input());
    let all = corpus.iter().cloned().chain(random).map(|input| Case::of(&input));
    all.filter(|case| case.header.is_ascii() && std::str::from_utf8(&case.payload).is_ok())
        .take(CASES)
        .collect()
}

/// What the SDK says of each.
fn asked(cases: &[Case]) -> Vec<bool> {
    let python = environment("STRIPE_SDK_PYTHON").expect("STRIPE_SDK_PYTHON names a Python with stripe");
    let mut child = Command::new(python)
        .arg(root().join("tests/sdk/python/signature.py"))
        .arg(NOW.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python runs");
    let mut to = child.stdin.take().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let verdicts = std::thread::scope(|scope| {
        scope.spawn(move || {
            for case in cases {
                let payload = STANDARD.encode(&case.payload);
                let line = json!({ "header": case.header, "payload": payload, "secret": SECRET,
                    "tolerance": TOLERANCE });
                writeln!(to, "{line}").expect("the SDK reads on");
            }
        });
        lines.map(|line| line.unwrap().parse().expect("true or false")).collect()
    });
    assert!(child.wait().unwrap().success());
    verdicts
}

#[test]
fn what_we_accept_the_official_sdk_accepts_and_what_it_accepts_we_refuse_only_on_purpose() {
    let cases = cases();
    let verdicts = asked(&cases);
    assert_eq!(verdicts.len(), cases.len());
    let (secrets, now) = ([Secret::new(SECRET)], Timestamp::from_second(NOW).unwrap());
    let (mut both, mut on_purpose) = (0, 0);
    for (case, theirs) in cases.iter().zip(verdicts) {
        let ours = verify(Some(&case.header), &case.payload, &secrets, now);
        match (ours.is_ok(), theirs) {
            (true, true) => both += 1,
            (true, false) => panic!("we accept what the SDK refuses: {case:?}"),
            (false, true) => {
                assert!(case.refused_on_purpose(NOW), "we refuse what the SDK accepts: {case:?}");
                on_purpose += 1;
            }
            (false, false) => {}
        }
        // The fuzz target knows the SDK by this function.
        let known = case.accepted_by_sdk(NOW);
        assert!(known == theirs || (!known && case.refused_on_purpose(NOW)), "{case:?}: {theirs}");
    }
    assert!(both > 1000 && on_purpose > 100, "{both} accepted by both, {on_purpose} refused on purpose");
}
