//! Stripe's keys and signing secrets, and what stands in their place by mistake: told by how it begins, never
//! by what it holds (Stripe, "API keys" and "Webhooks").

use super::Secret;

/// The Stripe account's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeKey {
    /// `sk_...` or `rk_...`.
    pub secret: Secret,
    /// Whether it is a key of live mode.
    pub livemode: bool,
}

/// How values begin that people have at hand, and what those are. The first that fits counts.
const KINDS: [(&str, &str); 20] = [
    ("whsec_", "a webhook's signing secret (whsec_)"),
    ("pk_", "a publishable key (pk_)"),
    ("sk_org_", "an organization's key (sk_org_)"),
    ("sk_", "a secret key (sk_)"),
    ("rk_", "a restricted key (rk_)"),
    ("ek_", "an ephemeral key (ek_)"),
    ("we_", "a webhook endpoint's id (we_)"),
    ("ed_", "an event destination's id (ed_)"),
    ("evt_", "an event's id (evt_)"),
    ("acct_", "an account's id (acct_)"),
    ("price_", "a price's id (price_)"),
    ("prod_", "a product's id (prod_)"),
    ("mk_", "a key's id (mk_)"),
    ("sb_", "a key of Supabase (sb_)"),
    ("eyJ", "a JSON Web Token"),
    ("http://", "a web address"),
    ("https://", "a web address"),
    ("postgres", "a database's address"),
    ("\"", "a value with one quotation mark around it"),
    ("'", "a value with one quotation mark around it"),
];
const ANOTHER_KIND: &str = "a value of another kind";
const ONLY_THE_BEGINNING: &str = "only the beginning of one";
const ODD_CHARACTERS: &str = "one with characters that none has, like those of a placeholder";

fn kind(value: &str) -> &'static str {
    KINDS.iter().find(|(beginning, _)| value.starts_with(beginning)).map_or(ANOTHER_KIND, |(_, kind)| kind)
}

/// What Stripe puts behind a prefix.
fn check_rest(rest: &str) -> Result<(), &'static str> {
    let is_odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/' | '='));
    if rest.is_empty() {
        Err(ONLY_THE_BEGINNING)
    } else if rest.contains(is_odd) {
        Err(ODD_CHARACTERS)
    } else {
        Ok(())
    }
}

pub(super) const KEY: &str = "a Stripe secret or restricted key (sk_test_, sk_live_, rk_test_, rk_live_)";

/// The key, or what it is instead.
pub(super) fn key(value: &str) -> Result<StripeKey, &'static str> {
    let (livemode, rest) = match value.split_at_checked(8) {
        Some(("sk_live_" | "rk_live_", rest)) => (true, rest),
        Some(("sk_test_" | "rk_test_", rest)) => (false, rest),
        _ if value.starts_with("sk_org_") => return Err(kind(value)),
        _ if value.starts_with("sk_") || value.starts_with("rk_") => {
            return Err("one of neither test nor live mode");
        }
        _ => return Err(kind(value)),
    };
    check_rest(rest)?;
    Ok(StripeKey { secret: Secret::new(value), livemode })
}

pub(super) const SIGNING_SECRET: &str = "a webhook endpoint's signing secret (whsec_...)";

/// The signing secret, or what it is instead.
pub(super) fn signing_secret(value: &str) -> Result<Secret, &'static str> {
    let rest = value.strip_prefix("whsec_").ok_or_else(|| kind(value))?;
    check_rest(rest)?;
    Ok(Secret::new(value))
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Secret};

    fn config(variable: &str, value: &str) -> Config {
        Config::from_lookup(|name| (name == variable).then(|| value.to_owned()))
    }

    #[test]
    fn what_is_no_signing_secret_is_told_by_its_kind_and_never_verifies() {
        let hush = "hush51H8";
        for (value, kind) in [
            (format!("sk_test_{hush}"), "not a secret key (sk_)"),
            (format!("rk_live_{hush}"), "not a restricted key (rk_)"),
            (format!("pk_live_{hush}"), "not a publishable key (pk_)"),
            (format!("we_{hush}"), "not a webhook endpoint's id (we_)"),
            (format!("ed_{hush}"), "not an event destination's id (ed_)"),
            (format!("https://{hush}.example.com"), "not a web address"),
            (format!("postgres://{hush}"), "not a database's address"),
            (hush.to_owned(), "not a value of another kind"),
            (format!("WHSEC_{hush}"), "not a value of another kind"),
            ("whsec_".to_owned(), "not only the beginning of one"),
            ("whsec_...".to_owned(), "not one with characters that none has"),
            (format!("whsec_<{hush}>"), "not one with characters that none has"),
            (format!("whsec_{hush} {hush}"), "not one with characters that none has"),
            (format!("\"whsec_{hush}"), "not a value with one quotation mark around it"),
            (format!("whsec_{hush}\""), "not one with characters that none has"),
        ] {
            let alone = config("STRIPE_WEBHOOK_SECRET", &value);
            assert!(alone.webhook_secrets.is_empty(), "{value}");
            assert_eq!(alone.problems.len(), 1, "{value}");
            let problem = &alone.problems[0];
            let expected = "STRIPE_WEBHOOK_SECRET must be a webhook endpoint's signing secret (whsec_...), ";
            assert!(
                problem.starts_with(&format!("{expected}{kind}")) && !problem.contains(hush),
                "{problem}"
            );

            let rotating = config("STRIPE_WEBHOOK_SECRET", &format!("whsec_new,{value},whsec_old"));
            let secrets: Vec<_> = rotating.webhook_secrets.iter().map(Secret::expose).collect();
            assert_eq!(secrets, ["whsec_new", "whsec_old"], "{value}");
            assert_eq!(rotating.problems, [format!("{problem}, as its value 2 of 3 is")], "{value}");
        }
    }

    #[test]
    fn what_is_no_secret_key_is_told_by_its_kind() {
        let hush = "hush51H8";
        for (value, kind) in [
            (format!("pk_test_{hush}"), "not a publishable key (pk_)"),
            (format!("whsec_{hush}"), "not a webhook's signing secret (whsec_)"),
            (format!("we_{hush}"), "not a webhook endpoint's id (we_)"),
            (format!("sk_org_test_{hush}"), "not an organization's key (sk_org_)"),
            (format!("sk_{hush}"), "not one of neither test nor live mode"),
            (format!("sb_secret_{hush}"), "not a key of Supabase (sb_)"),
            (format!("eyJ{hush}"), "not a JSON Web Token"),
            (format!("\u{e9}\u{e9}\u{e9}\u{e9}{hush}"), "not a value of another kind"),
            ("sk_live_".to_owned(), "not only the beginning of one"),
            ("rk_test_...".to_owned(), "not one with characters that none has"),
            (format!("sk_test_{hush}\"{hush}"), "not one with characters that none has"),
        ] {
            let config = config("STRIPE_SECRET_KEY", &value);
            assert!(config.stripe_key.is_none(), "{value}");
            let [problem] = config.problems.as_slice() else { panic!("{value}: {:?}", config.problems) };
            let expected = "STRIPE_SECRET_KEY must be a Stripe secret or restricted key (sk_test_, sk_live_, \
                            rk_test_, rk_live_), ";
            assert!(
                problem.starts_with(&format!("{expected}{kind}")) && !problem.contains(hush),
                "{problem}"
            );
        }
    }
}
