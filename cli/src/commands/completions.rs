//! `billing completions`: what a shell needs to complete the command line.

use clap_complete::Shell;

use crate::outcome::Outcome;

/// Prints the completions of a shell.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  billing completions bash > /etc/bash_completion.d/billing
  billing completions zsh > ~/.zfunc/_billing
  billing completions fish > ~/.config/fish/completions/billing.fish")]
pub struct Args {
    /// The shell.
    pub shell: Shell,
}

/// The script, which is for the shell: `--json` does not change it.
pub fn run(args: &Args, command: &mut clap::Command) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "billing", &mut script);
    Outcome { output: String::from_utf8_lossy(&script).into_owned(), complaint: String::new(), status: 0 }
}
