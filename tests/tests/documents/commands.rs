//! The commands and options that the pages name are those of `billing`.

use std::collections::BTreeSet;

use clap::CommandFactory;
use cli::commands::Arguments;

use super::page::{file, pages, parted, rows, spans};

/// Every `billing ...` in a page's spans and in its blocks of code, as words.
fn command_lines(page: &str) -> Vec<Vec<String>> {
    let (_, code) = parted(page);
    let lines = code.into_iter().map(|line| line.trim_start_matches("$ ").to_owned());
    let words = |line: String| {
        let line = line
            .split(" # ")
            .next()
            .unwrap_or_default()
            .split(['|', ';'])
            .next()
            .unwrap_or_default()
            .to_owned();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let is_name = |word: &String| word.starts_with(|c: char| c.is_ascii_lowercase());
    let is_command = |words: &Vec<String>| {
        words.first().is_some_and(|word| word == "billing") && words.get(1).is_some_and(is_name)
    };
    spans(page).into_iter().chain(lines).map(words).filter(is_command).collect()
}

/// What is wrong with a command line: a command or an option that there is not.
fn problem(words: &[String]) -> Option<String> {
    let program = Arguments::command();
    let mut command = &program;
    for word in &words[1..] {
        let is_name = word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
        match command.find_subcommand(word) {
            Some(inner) if is_name => command = inner,
            _ if command.has_subcommands() && !word.starts_with('-') => {
                return Some(format!("there is no command {word}"));
            }
            _ => {}
        }
        let Some(option) = word.strip_prefix("--") else { continue };
        let option = option.split('=').next().unwrap_or_default();
        let of_all = program.get_arguments().filter(|argument| argument.is_global_set());
        let mut known = command.get_arguments().chain(of_all).filter_map(|argument| argument.get_long());
        if !known.any(|name| name == option) && option != "help" {
            return Some(format!("{} has no --{option}", command.get_name()));
        }
    }
    None
}

#[test]
fn every_command_and_option_that_a_page_names_exists() {
    let mut wrong = Vec::new();
    for (path, page) in pages() {
        for line in command_lines(&page) {
            wrong.extend(problem(&line).map(|problem| format!("{path}: {}: {problem}", line.join(" "))));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_operators_page_names_every_command() {
    let named: BTreeSet<String> = rows(&file("docs/OPERATE.md"), "## What to type")
        .iter()
        .flat_map(|row| command_lines(&row[1]))
        .map(|line| line[1].clone())
        .collect();
    let commands: BTreeSet<String> =
        Arguments::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    assert_eq!(named, commands);
}

#[test]
fn the_table_of_exit_statuses_is_what_the_help_says() {
    let help = Arguments::command().get_after_help().unwrap().to_string();
    let of_help: Vec<_> =
        help.lines().filter(|line| line.starts_with("  ")).map(|line| line.trim().to_owned()).collect();
    let table = rows(&file("docs/OPERATE.md"), "## What to type");
    let statuses = table.iter().filter(|row| row[0].parse::<u8>().is_ok());
    assert_eq!(statuses.map(|row| row.join("  ")).collect::<Vec<_>>(), of_help);
}
