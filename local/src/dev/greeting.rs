//! What is said once everything runs: where it is, and what to try.

use std::time::Duration;

use super::people::{ORG, PEOPLE};

/// What runs.
#[derive(Clone, Copy, Debug)]
pub struct Greeting<'a> {
    /// How long the build took, and the start.
    pub took: (Duration, Duration),
    /// Of the API and the console, without a slash at its end.
    pub base_url: &'a str,
    /// The emulator's panel. None: Stripe itself is used.
    pub panel_url: Option<&'a str>,
    /// Whether there is a secret that Stripe's events are signed with.
    pub takes_events: bool,
    pub database_url: &'a str,
    /// The person's own, if they named one.
    pub frontend: Option<&'a str>,
    /// Where it is told that access has changed.
    pub notify_url: Option<&'a str>,
}

/// What Stripe's own test mode needs besides a key.
const TO_GET_EVENTS: &str = "It prints a signing secret: start again with it in STRIPE_WEBHOOK_SECRET. \
                             Until then every event is refused.\n";

impl Greeting<'_> {
    /// In words.
    pub fn text(&self) -> String {
        let Self { took: (built, started), base_url: url, .. } = self;
        let mut lines = format!(
            "\nPromptForge Billing is running ({:.1} s to build, {:.1} s to start).\n\n  Console   {url}/\n",
            built.as_secs_f32(),
            started.as_secs_f32(),
        );
        let stripe = match self.panel_url {
            Some(panel) => format!("{panel} (emulated)"),
            None => "Stripe's own test mode, with the key from STRIPE_SECRET_KEY".to_owned(),
        };
        lines += &format!("  Stripe    {stripe}\n  Database  {}\n", self.database_url);
        if let Some(frontend) = self.frontend {
            lines += &format!("  Frontend  {frontend}: Stripe's pages lead back to it\n");
        }
        if let Some(notified) = self.notify_url {
            lines += &format!("  Notified  {notified}: each minute, if access has changed\n");
        }
        if self.panel_url.is_none() {
            lines += "\nTo receive Stripe's events:\n";
            lines += &format!("  stripe listen --forward-to {url}/api/webhooks/stripe\n");
            lines += if self.takes_events { "" } else { TO_GET_EVENTS };
        }
        let (org, owner) = (ORG.0, PEOPLE.owner.user_id);
        lines
            + &format!(
                "\nTry:\n  curl '{url}/api/entitlements?orgId={org}' -H 'x-user-id: {owner}'\n  \
                 curl '{url}/api/billing/checkout' -H 'x-user-id: {owner}' \
                 -d '{{\"orgId\":\"{org}\",\"planCode\":\"pro\",\"interval\":\"month\"}}'\n  \
                 curl '{url}/api/entitlements?orgId={org}' \
                 -H \"authorization: Bearer $(jq -r .users.owner.accessToken .local/dev.json)\"\n  \
                 curl '{url}/api/webhooks/stripe' -H 'stripe-signature: test' -d '{{}}'\n\nCtrl-C ends it."
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Greeting<'_> = Greeting {
        took: (Duration::from_millis(400), Duration::from_millis(600)),
        base_url: "http://127.0.0.1:4242",
        panel_url: Some("http://127.0.0.1:4243/panel"),
        takes_events: true,
        database_url: "postgres://127.0.0.1:4245/billing",
        frontend: None,
        notify_url: None,
    };

    #[test]
    fn it_names_the_frontend_and_who_is_notified_if_there_are_any() {
        let plain = PLAIN.text();
        assert!(!plain.contains("Frontend") && !plain.contains("Notified"), "{plain}");
        let told = Greeting {
            frontend: Some("http://localhost:3000"),
            notify_url: Some("http://localhost:3000/hook"),
            ..PLAIN
        };
        assert!(told.text().contains(
            "  Frontend  http://localhost:3000: Stripe's pages lead back to it\n  \
             Notified  http://localhost:3000/hook: each minute, if access has changed\n"
        ));
    }

    #[test]
    fn it_says_how_the_events_of_stripe_itself_come() {
        assert!(!PLAIN.text().contains("stripe listen"));
        let stripe = Greeting { panel_url: None, ..PLAIN };
        assert!(stripe.text().contains("--forward-to http://127.0.0.1:4242/api/webhooks/stripe\n"));
        assert!(!stripe.text().contains("STRIPE_WEBHOOK_SECRET"));
        assert!(Greeting { takes_events: false, ..stripe }.text().contains("STRIPE_WEBHOOK_SECRET"));
    }
}
