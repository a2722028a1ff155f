//! Inputs that are made of a corpus at random: the same ones for the same seed.

use fastrand::Rng;

/// What readers stumble over.
const WORDS: [&str; 32] = [
    "",
    "\0",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\r\n",
    "\n",
    "%00",
    "%ff",
    "+",
    "-1",
    "0",
    "00",
    "1e400",
    "0.5",
    "9223372036854775807",
    "9223372036854775808",
    "253402300800",
    "null",
    "true",
    "[]",
    "{}",
    "[[",
    "{\"",
    "}",
    "=",
    "&",
    ",",
];

/// Makes inputs of a corpus.
#[derive(Debug)]
pub struct Mutator {
    corpus: Vec<Vec<u8>>,
    random: Rng,
}

impl Mutator {
    /// Of a corpus that is not empty.
    pub fn new(corpus: Vec<Vec<u8>>, seed: u64) -> Self {
        Self { corpus, random: Rng::with_seed(seed) }
    }

    /// The next input: one of the corpus with up to eight changes.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.one().clone();
        for _ in 0..self.random.u32(1..=8) {
            self.change(&mut input);
        }
        input
    }

    fn one(&mut self) -> &Vec<u8> {
        &self.corpus[self.random.usize(..self.corpus.len())]
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let (from, to) = self.range(input.len());
        match self.random.u32(..8) {
            0 => drop(input.drain(from..to)),
            1 if from < input.len() => input[from] ^= 1 << self.random.u32(..8),
            2 => input.insert(from, self.random.u8(..)),
            3 => {
                let part = input[from..to].to_vec();
                let at = self.random.usize(..=input.len());
                input.splice(at..at, part);
            }
            4 => {
                let other = self.one().clone();
                let (start, end) = self.range(other.len());
                input.splice(from..to, other[start..end].iter().copied());
            }
            5 => input.truncate(from),
            _ => {
                let word = WORDS[self.random.usize(..WORDS.len())];
                let to = if self.random.bool() { from } else { to };
                input.splice(from..to, word.bytes());
            }
        }
    }

    /// A part of so many bytes, mostly a short one.
    fn range(&mut self, length: usize) -> (usize, usize) {
        let from = self.random.usize(..=length);
        let longest = if self.random.u32(..8) == 0 { length - from } else { (length - from).min(12) };
        (from, from + self.random.usize(..=longest))
    }
}
