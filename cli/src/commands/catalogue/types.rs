//! `billing catalogue types`.

use std::fmt::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::{Catalogue, Error, Plan};
use crate::context::Context;
use crate::outcome::Report;

/// Prints the file's plans and flags as types, so that a misspelt one does not compile.
///
/// TypeScript for the client `@promptforge/billing`; with --rust, enums. Needs neither the database nor
/// Stripe.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing catalogue types > src/entitlements.ts
  billing catalogue types --rust > src/entitlements.rs")]
pub struct Args {
    /// The file.
    #[arg(default_value = "catalogue.toml")]
    pub file: PathBuf,
    /// Rust instead of TypeScript.
    #[arg(long)]
    pub rust: bool,
}

/// The types as a program's text.
#[derive(Clone, Debug, Serialize)]
pub struct Types {
    /// `typescript` or `rust`.
    pub language: &'static str,
    /// The plans' codes, lowest rank first.
    pub plans: Vec<String>,
    /// The flags' names.
    pub features: Vec<String>,
    /// The text.
    pub text: String,
}

/// Makes them.
///
/// # Errors
/// See [`Error`].
// As every command's.
#[allow(clippy::unused_async)]
pub async fn run(args: Args, _: &Context) -> Result<Types, Error> {
    let catalogue = super::read(&args.file)?;
    let mut plans: Vec<(&String, &Plan)> = catalogue.plans.iter().collect();
    plans.sort_by_key(|(_, plan)| plan.rank);
    let (language, text) = match args.rust {
        true => ("rust", rust(&plans, &catalogue)),
        false => ("typescript", typescript(&plans, &catalogue)),
    };
    Ok(Types {
        language,
        plans: plans.iter().map(|(code, _)| (*code).clone()).collect(),
        features: catalogue.flags.keys().cloned().collect(),
        // Writing into a text never fails.
        text: text.unwrap_or_default(),
    })
}

fn typescript(plans: &[(&String, &Plan)], catalogue: &Catalogue) -> Result<String, fmt::Error> {
    let mut text = "// Made by `billing catalogue types`.\n\n".to_owned();
    text.push_str("/** A plan. The first is what everybody has. */\nexport type Plan =");
    plans.iter().try_for_each(|(code, _)| write!(text, "\n  | \"{code}\""))?;
    text.push_str(";\n\n/** A flag that a plan can switch on. */\nexport type Feature =");
    for (flag, about) in &catalogue.flags {
        if !about.is_empty() {
            write!(text, "\n  /** {} */", about.replace("*/", "* /").replace('\n', " "))?;
        }
        write!(text, "\n  | \"{flag}\"")?;
    }
    text.push_str(
        ";\n\ndeclare module \"@promptforge/billing\" {\n  interface Catalogue {\n    plan: Plan;\n    \
         feature: Feature;\n  }\n}\n",
    );
    Ok(text)
}

fn rust(plans: &[(&String, &Plan)], catalogue: &Catalogue) -> Result<String, fmt::Error> {
    let mut text = "// Made by `billing catalogue types --rust`.\n".to_owned();
    let plans: Vec<(&str, &str)> =
        plans.iter().map(|(code, plan)| (code.as_str(), plan.description.as_str())).collect();
    write_enum(&mut text, "Plan", "A plan, in order of rank.", &plans)?;
    let flags: Vec<(&str, &str)> =
        catalogue.flags.iter().map(|(flag, about)| (flag.as_str(), about.as_str())).collect();
    write_enum(&mut text, "Feature", "A flag that a plan can switch on.", &flags)?;
    Ok(text)
}

fn write_enum(text: &mut String, name: &str, about: &str, words: &[(&str, &str)]) -> fmt::Result {
    write!(text, "\n/// {about}\n#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n")?;
    writeln!(text, "pub enum {name} {{")?;
    let variants = variants(words);
    for ((word, about), variant) in words.iter().zip(&variants) {
        let about = if about.is_empty() { word } else { about };
        writeln!(text, "    /// {}\n    {variant},", about.replace('\n', " "))?;
    }
    write!(text, "}}\n\nimpl {name} {{\n    /// All of them.\n    pub const ALL: &[Self] = &[\n")?;
    variants.iter().try_for_each(|variant| writeln!(text, "        Self::{variant},"))?;
    text.push_str("    ];\n\n    /// The word in answers.\n    pub fn as_str(self) -> &'static str {\n");
    text.push_str("        match self {\n");
    for ((word, _), variant) in words.iter().zip(&variants) {
        writeln!(text, "            Self::{variant} => \"{word}\",")?;
    }
    text.push_str("        }\n    }\n}\n");
    Ok(())
}

/// `hasAPI` is `HasApi`, `team-2` is `Team2`. Of two words that would be the same, the second gets a number.
fn variants(words: &[(&str, &str)]) -> Vec<String> {
    let mut made: Vec<String> = Vec::new();
    for (word, _) in words {
        let name = camel(word);
        let mut variant = name.clone();
        let mut number = 2;
        while made.contains(&variant) {
            variant = format!("{name}{number}");
            number += 1;
        }
        made.push(variant);
    }
    made
}

fn camel(word: &str) -> String {
    let mut name = String::new();
    let (mut is_first, mut was_upper) = (true, false);
    for c in word.chars() {
        if !c.is_ascii_alphanumeric() {
            is_first = true;
            continue;
        }
        name.push(match (is_first, was_upper) {
            (true, _) => c.to_ascii_uppercase(),
            (false, true) => c.to_ascii_lowercase(),
            (false, false) => c,
        });
        (is_first, was_upper) = (false, c.is_ascii_uppercase());
    }
    // `self` is the one word that no variant may be.
    if name == "Self" { "Self_".to_owned() } else { name }
}

impl Report for Types {}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_becomes_a_name_of_its_own() {
        for (word, name) in [
            ("hasAPI", "HasApi"),
            ("canExportMD", "CanExportMd"),
            ("team-2", "Team2"),
            ("pro_eu", "ProEu"),
            ("self", "Self_"),
        ] {
            assert_eq!(camel(word), name);
        }
        assert_eq!(variants(&[("hasAPI", ""), ("has_api", "")]), ["HasApi", "HasApi2"]);
    }
}
