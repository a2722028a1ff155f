//! Where Stripe may send a person back to: only to origins we know, so that nobody can make a link of ours
//! lead elsewhere.

use url::Url;

use crate::config::Config;
use crate::domain::origin::Origin;
use crate::error::Error;
use crate::http::error::ApiError;

/// The address that a caller wants, if its origin is allowed; else a page of the frontend, by its path from
/// `BASE_URL`. An empty path is the address itself.
///
/// # Errors
/// [`ApiError::InvalidReturnUrl`]; if `BASE_URL` is missing.
pub fn choose(config: &Config, wanted: Option<&str>, page: &str) -> Result<Url, ApiError> {
    let base = config.base_url.as_ref().ok_or(Error::Misconfigured("BASE_URL"))?;
    match wanted {
        Some(wanted) => parse(wanted, base, &config.allowed_return_origins).ok_or(ApiError::InvalidReturnUrl),
        None if page.is_empty() => Ok(base.clone()),
        None => {
            let page = format!("{}/{page}", base.as_str().trim_end_matches('/'));
            page.parse().map_err(|_| Error::Misconfigured("BASE_URL").into())
        }
    }
}

/// Reads a return URL. None unless it is an absolute address on one of the allowed origins, without user or
/// password.
pub fn parse(text: &str, base: &Url, allowed: &[Origin]) -> Option<Url> {
    // Browsers read a backslash as a slash and skip tabs and newlines; a URL that needs that is not one of
    // ours.
    if text.chars().any(|c| c == '\\' || c.is_control() || c.is_whitespace()) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let origin = Origin::of(&url)?;
    (Origin::of(base).as_ref() == Some(&origin) || allowed.contains(&origin)).then_some(url)
}

/// The address with these fields in its query, as they stand: so that Stripe finds its placeholder. A field
/// that is there stays.
pub fn with_fields(mut url: Url, fields: &[(&str, &str)]) -> Url {
    for (name, value) in fields {
        if url.query_pairs().all(|(known, _)| known != *name) {
            let before = url.query().filter(|query| !query.is_empty()).map(|query| format!("{query}&"));
            url.set_query(Some(&format!("{}{name}={value}", before.unwrap_or_default())));
        }
    }
    url
}

/// Stripe puts the checkout session's id in its place (Stripe, "Customize redirect behavior").
const SESSION_ID: &str = "{CHECKOUT_SESSION_ID}";
/// The same as URLs write it in a path.
const ENCODED_SESSION_ID: &str = "%7BCHECKOUT_SESSION_ID%7D";

/// The address of a page that learns the checkout session: in `session_id`, and wherever else the placeholder
/// stands. With these fields besides.
pub fn with_session(url: Url, fields: &[(&str, &str)]) -> String {
    let url = with_fields(with_fields(url, &[("session_id", SESSION_ID)]), fields);
    url.as_str().replace(ENCODED_SESSION_ID, SESSION_ID)
}

/// The same address where there is no session: without the fields in which only its id would stand, and
/// without the placeholder.
pub fn without_session(mut url: Url, fields: &[(&str, &str)]) -> String {
    let holds = |field: &str| {
        let value = field.split_once('=').map(|(_, value)| value);
        value.is_some_and(|value| value == SESSION_ID || value == ENCODED_SESSION_ID)
    };
    if let Some(query) = url.query() {
        let rest: Vec<&str> = query.split('&').filter(|field| !holds(field)).collect();
        let rest = rest.join("&");
        url.set_query((!rest.is_empty()).then_some(&rest));
    }
    with_fields(url, fields).as_str().replace(ENCODED_SESSION_ID, "").replace(SESSION_ID, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_added_before_the_fragment_and_do_not_replace_any() {
        for (url, expected) in [
            ("https://a.example", "https://a.example/?orgId=o&session_id={ID}"),
            ("https://a.example/x?#/billing", "https://a.example/x?orgId=o&session_id={ID}#/billing"),
            ("https://a.example/?orgId=mine&b", "https://a.example/?orgId=mine&b&session_id={ID}"),
            ("https://a.example/?session_id={ID}", "https://a.example/?session_id={ID}&orgId=o"),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(with_fields(url, &[("orgId", "o"), ("session_id", "{ID}")]).as_str(), expected);
        }
    }

    #[test]
    fn the_placeholder_stays_wherever_it_stands_and_goes_where_there_is_no_session() {
        for (url, with, without) in [
            (
                "https://a.example/done/{CHECKOUT_SESSION_ID}",
                "https://a.example/done/{CHECKOUT_SESSION_ID}?session_id={CHECKOUT_SESSION_ID}&orgId=o",
                "https://a.example/done/?orgId=o",
            ),
            (
                "https://a.example/?s={CHECKOUT_SESSION_ID}&b=1",
                "https://a.example/?s={CHECKOUT_SESSION_ID}&b=1&session_id={CHECKOUT_SESSION_ID}&orgId=o",
                "https://a.example/?b=1&orgId=o",
            ),
            (
                "https://a.example/?session_id=%7BCHECKOUT_SESSION_ID%7D#/{CHECKOUT_SESSION_ID}",
                "https://a.example/?session_id={CHECKOUT_SESSION_ID}&orgId=o#/{CHECKOUT_SESSION_ID}",
                "https://a.example/?orgId=o#/",
            ),
        ] {
            let fields = [("orgId", "o")];
            assert_eq!(with_session(Url::parse(url).unwrap(), &fields), with);
            assert_eq!(without_session(Url::parse(url).unwrap(), &fields), without);
        }
    }

    fn accepts(text: &str) -> bool {
        let base = Url::parse("https://app.example.com/").unwrap();
        let other = Origin::of(&Url::parse("http://localhost:3000").unwrap()).unwrap();
        parse(text, &base, &[other]).is_some()
    }

    #[test]
    fn known_origins_are_accepted() {
        for url in [
            "https://app.example.com",
            "https://app.example.com/billing?a=b#c",
            "https://APP.example.com:443/",
            "http://localhost:3000/x",
        ] {
            assert!(accepts(url), "{url}");
        }
    }

    #[test]
    fn everything_that_leads_elsewhere_is_refused() {
        for url in [
            "",
            "/billing",
            "//evil.example",
            "https://evil.example",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com@evil.example/",
            "https://user:pass@app.example.com/",
            "https://app.example.com.evil.example",
            "https://app.example.com\\@evil.example",
            "javascript:alert(1)//https://app.example.com",
            "https:\\\\evil.example",
            "data:text/html,x",
            " https://app.example.com",
            "https://app.example.com/\n",
            "https://аpp.example.com/",
            "http://localhost:3001",
        ] {
            assert!(!accepts(url), "{url}");
        }
    }
}
