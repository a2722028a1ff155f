//! The functions: what each is called, how it is reached, whose database login it has, and which variables it
//! cannot do without. What template.yaml and the local stack give each.

use super::probe::CANARY;
use super::tidied;

/// A Lambda function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Opens a checkout session.
    Checkout,
    /// Answers with an organization's features.
    Entitlements,
    /// Tells whether all is well.
    Health,
    /// Tells the application what changed, on a schedule.
    Notify,
    /// Evaluates flags for OpenFeature.
    Ofrep,
    /// Says what is sold.
    Plans,
    /// Opens a customer portal session.
    Portal,
    /// Asks what people and Stripe ask, on a schedule.
    Probe,
    /// Compares with Stripe, on a schedule.
    Reconcile,
    /// Reads an organization's subscriptions from Stripe.
    Sync,
    /// Applies Stripe's events.
    Webhook,
}

/// How a function is reached. Routes are a method and paths, as API Gateway writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// A route of the HTTP API for people who have signed in.
    SignedIn(&'static str, &'static [&'static str]),
    /// The same, and whoever has not signed in is answered too, with less.
    Either(&'static str, &'static [&'static str]),
    /// A route of the HTTP API that is open to anyone.
    Open(&'static str, &'static [&'static str]),
    /// A URL of its own, with nothing in between.
    FunctionUrl(&'static str, &'static [&'static str]),
    /// Called every so many minutes.
    Schedule(u64),
}

/// A function's login at the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Reads as the user who asks.
    Reader,
    /// The same, and keeps customers and checkout sessions.
    Checkout,
    /// Applies what Stripe said.
    Events,
    /// Keeps house.
    Operator,
}

impl Login {
    /// The role in the database.
    pub fn role(self) -> &'static str {
        match self {
            Self::Reader => "billing_reader",
            Self::Checkout => "billing_checkout",
            Self::Events => "billing_events",
            Self::Operator => "billing_operator",
        }
    }

    /// The name under which a secret that several functions share holds the address with this login.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Reader => "READER_DATABASE_URL",
            Self::Checkout => "CHECKOUT_DATABASE_URL",
            Self::Events => "EVENTS_DATABASE_URL",
            Self::Operator => "OPERATOR_DATABASE_URL",
        }
    }
}

/// All flags, and one.
const OFREP: &[&str] = &["/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/{key}"];

impl Function {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Checkout,
        Self::Portal,
        Self::Sync,
        Self::Entitlements,
        Self::Ofrep,
        Self::Plans,
        Self::Webhook,
        Self::Health,
        Self::Reconcile,
        Self::Probe,
        Self::Notify,
    ];

    /// The one table: name, front, login.
    fn row(self) -> (&'static str, Front, Option<Login>) {
        use Front::{Either, FunctionUrl, Open, Schedule, SignedIn};
        let login = Some;
        match self {
            Self::Checkout => {
                ("checkout", SignedIn("POST", &["/api/billing/checkout"]), login(Login::Checkout))
            }
            Self::Portal => ("portal", SignedIn("POST", &["/api/billing/portal"]), login(Login::Checkout)),
            Self::Sync => ("sync", SignedIn("POST", &["/api/billing/sync"]), login(Login::Events)),
            Self::Entitlements => {
                ("entitlements", SignedIn("GET", &["/api/entitlements"]), login(Login::Reader))
            }
            Self::Ofrep => ("ofrep", SignedIn("POST", OFREP), login(Login::Reader)),
            Self::Plans => ("plans", Either("GET", &["/api/billing/plans"]), login(Login::Reader)),
            Self::Webhook => {
                ("webhook", FunctionUrl("POST", &["/api/webhooks/stripe"]), login(Login::Events))
            }
            Self::Health => ("health", Open("GET", &["/api/health"]), login(Login::Reader)),
            Self::Reconcile => ("reconcile", Schedule(15), login(Login::Operator)),
            Self::Probe => ("probe", Schedule(5), None),
            // No login that people or Stripe reach may read what everybody has.
            Self::Notify => ("notify", Schedule(1), login(Login::Operator)),
        }
    }

    /// Its name: that of its folder, its program and its metrics.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// How it is reached.
    pub fn front(self) -> Front {
        self.row().1
    }

    /// The database login it has. None: it needs none.
    pub fn login(self) -> Option<Login> {
        self.row().2
    }

    /// Its routes, each a method and a path. Empty: it is called on a schedule.
    pub fn routes(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let (method, paths): (_, &'static [&'static str]) = match self.front() {
            Front::SignedIn(method, paths)
            | Front::Either(method, paths)
            | Front::Open(method, paths)
            | Front::FunctionUrl(method, paths) => (method, paths),
            Front::Schedule(_) => ("", &[]),
        };
        paths.iter().map(move |path| (method, *path))
    }

    /// The name under which a secret that several functions share holds the address with this function's own
    /// database login.
    pub fn database_variable(self) -> Option<&'static str> {
        self.login().map(Login::variable)
    }

    /// Whether these variables are all that the function works with, so that there is no need for a secret.
    pub fn is_complete(self, lookup: impl Fn(&str) -> Option<String>) -> bool {
        let set = |name: &str| lookup(name).is_some_and(|value| tidied(&value).is_some());
        let base_url = || set("BASE_URL") || set("NEXT_PUBLIC_BASE_URL");
        // Somebody in front says who calls.
        let in_front = || {
            let source = lookup("IDENTITY_SOURCE");
            source.is_some_and(|value| matches!(tidied(&value), Some("trusted_headers" | "authorizer")))
        };
        // With the address alone, the secret may still have the key that the project signs with.
        let checks_tokens = || set("SUPABASE_URL") && (set("SUPABASE_JWT_SECRET") || set("SUPABASE_JWKS"));
        let knows_callers = || in_front() || checks_tokens();
        let has_stripe = || set("DATABASE_URL") && set("STRIPE_SECRET_KEY");
        match self {
            Self::Entitlements | Self::Ofrep | Self::Plans => set("DATABASE_URL") && knows_callers(),
            Self::Sync => has_stripe() && knows_callers(),
            Self::Checkout | Self::Portal => has_stripe() && base_url() && knows_callers(),
            Self::Reconcile => has_stripe(),
            Self::Notify => {
                let to_whom = if set("NOTIFY_URL") { "NOTIFY_SECRET" } else { "NOTIFY_EVENT_BUS" };
                set("DATABASE_URL") && set(to_whom)
            }
            Self::Probe => {
                let addresses = ["PROBE_API_URL", "PROBE_WEBHOOK_URL", "STRIPE_WEBHOOK_SECRET"];
                addresses.into_iter().chain(CANARY).all(set)
            }
            Self::Webhook => has_stripe() && set("STRIPE_WEBHOOK_SECRET"),
            Self::Health => {
                has_stripe()
                    && set("STRIPE_WEBHOOK_SECRET")
                    && base_url()
                    && (set("SUPABASE_URL") || in_front())
            }
        }
    }
}
