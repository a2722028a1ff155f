//! The corpus of every target, and inputs that are made of it at random.
#![allow(clippy::unwrap_used)] // A test that cannot go on shall panic.

use std::panic::catch_unwind;
use std::thread;

use fuzz::{Mutator, TARGETS, Target, corpus};

/// How many random inputs a target gets.
const INPUTS: usize = 20_000;

fn play(target: Target, input: &[u8]) {
    let run = target.run;
    if catch_unwind(|| run(input)).is_err() {
        panic!("{}: {:?}", target.name, String::from_utf8_lossy(input));
    }
}

#[test]
fn no_input_of_the_corpus_and_none_that_is_like_it_is_misread() {
    let all = TARGETS.map(|target| {
        thread::spawn(move || {
            let corpus = corpus(target.name);
            corpus.iter().for_each(|input| play(target, input));
            let mut mutator = Mutator::new(corpus, 1);
            for _ in 0..INPUTS {
                play(target, &mutator.next_input());
            }
        })
    });
    let failed: Vec<&str> = TARGETS
        .iter()
        .zip(all)
        .filter_map(|(target, thread)| thread.join().err().map(|_| target.name))
        .collect();
    assert_eq!(failed, Vec::<&str>::new());
}
