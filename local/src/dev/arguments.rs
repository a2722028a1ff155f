//! The command line of `cargo dev`.

use clap::Parser;

/// Runs PromptForge Billing on this machine: PostgreSQL, a Stripe emulator, the Lambda functions and a
/// console page.
#[derive(Debug, Parser)]
#[command(
    name = "cargo dev",
    bin_name = "cargo dev",
    after_help = "With STRIPE_SECRET_KEY=sk_test_... in the environment Stripe itself is used instead of the \
                  emulator.\nExamples:\n  cargo dev\n  cargo dev --fresh\n  cargo dev --port 5000\n  \
                  cargo dev --frontend http://localhost:3000\n  cargo dev --demo"
)]
pub struct Arguments {
    /// The first of four ports in a row: the console and the API, the Stripe emulator, the Lambda runtime,
    /// PostgreSQL.
    #[arg(long, default_value_t = 4242, value_parser = clap::value_parser!(u16).range(1024..=65532))]
    pub port: u16,
    /// Forget the database and the emulator's objects and begin anew.
    #[arg(long)]
    pub fresh: bool,
    /// Have the emulator send thin events, to an event destination, in place of snapshot events.
    #[arg(long)]
    pub thin: bool,
    /// Your own frontend's origin: Stripe's pages lead back to it, and its pages may call the API and sign
    /// in.
    #[arg(long, value_name = "ORIGIN", value_parser = origin, conflicts_with = "demo")]
    pub frontend: Option<String>,
    /// Run the release binaries.
    #[arg(long)]
    pub release: bool,
    /// Play the life of a subscription on a throw-away database, print each step and whether it was right,
    /// and end.
    #[arg(long)]
    pub demo: bool,
    /// Run on free ports with a throw-away database and emulator, beside anything; `.local/temporary.json`
    /// says where.
    #[arg(long, conflicts_with_all = ["demo", "fresh", "port"])]
    pub temporary: bool,
}

/// An origin and nothing more, as a browser writes it.
fn origin(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).map_err(|error| error.to_string())?;
    let is_plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    match shared::domain::origin::Origin::of(&url).filter(|_| is_plain) {
        Some(origin) => Ok(origin.to_string()),
        None => Err("an origin is http:// or https://, a host and a port".to_owned()),
    }
}

impl Arguments {
    /// Whether nothing shall be kept, and nothing that was kept be touched.
    pub fn throws_away(&self) -> bool {
        self.demo || self.temporary
    }

    /// The name of the descriptor's file: each kind of run has its own, so that none replaces that of a stack
    /// beside it.
    pub fn descriptor(&self) -> &'static str {
        match (self.demo, self.temporary) {
            (true, _) => "demo",
            (_, true) => "temporary",
            _ => "dev",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frontend_is_an_origin_and_nothing_more() {
        let read = |text: &str| Arguments::try_parse_from(["cargo dev", "--frontend", text]).ok();
        for (text, origin) in [
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("http://localhost:3000/", Some("http://localhost:3000")),
            ("https://App.example:443", Some("https://app.example")),
            ("http://localhost:3000/app", None),
            ("localhost:3000", None),
            ("file:///tmp", None),
        ] {
            let frontend = read(text).and_then(|arguments| arguments.frontend);
            assert_eq!(frontend.as_deref(), origin, "{text}");
        }
    }
}
