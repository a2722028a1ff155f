//! Which variables each function cannot do without, and whose database login it has: what template.yaml gives it.

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

impl Function {
    /// Its name: that of its folder, its program and its metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authorizer => "authorizer",
            Self::Checkout => "checkout",
            Self::Entitlements => "entitlements",
            Self::Health => "health",
            Self::Portal => "portal",
            Self::Reconcile => "reconcile",
            Self::Sync => "sync",
            Self::Webhook => "webhook",
        }
    }

    /// The name under which a secret that several functions share holds the address with this function's own database login.
    pub fn database_variable(self) -> &'static str {
        match self {
            // The authorizer asks for none.
            Self::Authorizer | Self::Entitlements | Self::Health => "READER_DATABASE_URL",
            Self::Checkout | Self::Portal => "CHECKOUT_DATABASE_URL",
            Self::Sync | Self::Webhook => "EVENTS_DATABASE_URL",
            Self::Reconcile => "OPERATOR_DATABASE_URL",
        }
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
