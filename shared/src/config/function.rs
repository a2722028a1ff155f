//! The functions: what each is called, how it is reached, whose database login it has, and which variables it
//! cannot do without. What template.yaml and the local stack give each.

use super::tidied;

/// A Lambda function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Who is calling?
    Authorizer,
    /// Opens a checkout session.
    Checkout,
    /// Answers with an organization's features.
    Entitlements,
    /// Tells whether all is well.
    Health,
    /// Opens a customer portal session.
    Portal,
    /// Compares with Stripe, on a schedule.
    Reconcile,
    /// Reads an organization's subscriptions from Stripe.
    Sync,
    /// Applies Stripe's events.
    Webhook,
}

/// How a function is reached. Routes are a method and a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// A route of the HTTP API, behind the authorizer.
    Authorized(&'static str, &'static str),
    /// A route of the HTTP API that is open to anyone.
    Open(&'static str, &'static str),
    /// A URL of its own, with nothing in between.
    FunctionUrl(&'static str, &'static str),
    /// Not at all: API Gateway asks it.
    Nothing,
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

impl Function {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Authorizer,
        Self::Checkout,
        Self::Portal,
        Self::Sync,
        Self::Entitlements,
        Self::Webhook,
        Self::Health,
        Self::Reconcile,
    ];

    /// The one table: name, front, login.
    fn row(self) -> (&'static str, Front, Option<Login>) {
        use Front::{Authorized, FunctionUrl, Nothing, Open, Schedule};
        match self {
            Self::Authorizer => ("authorizer", Nothing, None),
            Self::Checkout => {
                ("checkout", Authorized("POST", "/api/billing/checkout"), Some(Login::Checkout))
            }
            Self::Portal => ("portal", Authorized("POST", "/api/billing/portal"), Some(Login::Checkout)),
            Self::Sync => ("sync", Authorized("POST", "/api/billing/sync"), Some(Login::Events)),
            Self::Entitlements => {
                ("entitlements", Authorized("GET", "/api/entitlements"), Some(Login::Reader))
            }
            Self::Webhook => ("webhook", FunctionUrl("POST", "/api/webhooks/stripe"), Some(Login::Events)),
            Self::Health => ("health", Open("GET", "/api/health"), Some(Login::Reader)),
            Self::Reconcile => ("reconcile", Schedule(15), Some(Login::Operator)),
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

    /// The database login it has. None: it asks for nothing there.
    pub fn login(self) -> Option<Login> {
        self.row().2
    }

    /// Its method and path, if it has a route.
    pub fn route(self) -> Option<(&'static str, &'static str)> {
        match self.front() {
            Front::Authorized(method, path)
            | Front::Open(method, path)
            | Front::FunctionUrl(method, path) => Some((method, path)),
            Front::Nothing | Front::Schedule(_) => None,
        }
    }

    /// The name under which a secret that several functions share holds the address with this function's own
    /// database login.
    pub fn database_variable(self) -> &'static str {
        // The authorizer asks for none.
        self.login().unwrap_or(Login::Reader).variable()
    }

    /// Whether these variables are all that the function works with, so that there is no need for a secret.
    pub fn is_complete(self, lookup: impl Fn(&str) -> Option<String>) -> bool {
        let set = |name: &str| lookup(name).is_some_and(|value| tidied(&value).is_some());
        let base_url = || set("BASE_URL") || set("NEXT_PUBLIC_BASE_URL");
        let trusted =
            || lookup("IDENTITY_SOURCE").is_some_and(|value| tidied(&value) == Some("trusted_headers"));
        match self {
            Self::Authorizer => set("SUPABASE_URL") && set("SUPABASE_JWT_SECRET"),
            Self::Entitlements => set("DATABASE_URL"),
            Self::Sync | Self::Reconcile => set("DATABASE_URL") && set("STRIPE_SECRET_KEY"),
            Self::Checkout | Self::Portal => set("DATABASE_URL") && set("STRIPE_SECRET_KEY") && base_url(),
            Self::Webhook => set("DATABASE_URL") && set("STRIPE_SECRET_KEY") && set("STRIPE_WEBHOOK_SECRET"),
            Self::Health => {
                set("DATABASE_URL")
                    && set("STRIPE_SECRET_KEY")
                    && set("STRIPE_WEBHOOK_SECRET")
                    && base_url()
                    && (set("SUPABASE_URL") || trusted())
            }
        }
    }
}
