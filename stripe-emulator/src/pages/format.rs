//! How the pages write money, times and states for a person.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::html::Template;
use crate::wire::value::{number, text};

const ZERO_DECIMAL: [&str; 15] =
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"];
/// Currencies with a thousandth.
const THREE_DECIMAL: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

/// `1234` cents in `usd` are `$12.34`, in `chf` they are `CHF 12.34`.
pub(crate) fn money(amount: i64, currency: &str) -> String {
    let name = match currency {
        "usd" => "$".to_owned(),
        "eur" => "€".to_owned(),
        "gbp" => "£".to_owned(),
        other => format!("{} ", other.to_uppercase()),
    };
    if ZERO_DECIMAL.contains(&currency) {
        return format!("{name}{amount}");
    }
    if THREE_DECIMAL.contains(&currency) {
        return format!("{name}{}.{:03}", thousands(amount / 1000), amount.abs() % 1000);
    }
    format!("{name}{}.{:02}", thousands(amount / 100), amount.abs() % 100)
}

/// `14950` is `14,950`.
fn thousands(whole: i64) -> String {
    let digits = whole.abs().to_string();
    let mut grouped = if whole < 0 { "-".to_owned() } else { String::new() };
    for (position, digit) in digits.char_indices() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `$49.00 per month`.
pub(crate) fn price(price: &Value) -> String {
    let cost = money(number(&price["unit_amount"]), text(&price["currency"]));
    format!("{cost} {}", rhythm(price)).trim_end().to_owned()
}

/// `per month`; nothing for what is paid once.
pub(crate) fn rhythm(price: &Value) -> String {
    match (text(&price["recurring"]["interval"]), number(&price["recurring"]["interval_count"])) {
        ("", _) => String::new(),
        (interval, 0 | 1) => format!("per {interval}"),
        (interval, count) => format!("every {count} {interval}s"),
    }
}

/// `January 31, 2026`, as on the console.
pub(crate) fn date(seconds: i64) -> String {
    format_as(seconds, "%B %-d, %Y")
}

pub(crate) fn time(seconds: i64) -> String {
    format_as(seconds, "%Y-%m-%d %H:%M:%S UTC")
}

fn format_as(seconds: i64, format: &str) -> String {
    let zoned = Timestamp::from_second(seconds).map(|instant| instant.to_zoned(TimeZone::UTC));
    zoned.map(|zoned| zoned.strftime(format).to_string()).unwrap_or_default()
}

/// A state as a pill, in the color of how well things stand.
pub(crate) fn pill(status: &str) -> String {
    let tone = match status {
        "active" | "complete" | "paid" | "succeeded" | "trialing" | "won" => " pill-ok",
        "open" | "pending" | "held" | "paused" | "incomplete" | "no_payment_required" => " pill-warn",
        "needs_response" | "under_review" | "warning_needs_response" | "warning_under_review" => " pill-warn",
        "past_due" | "unpaid" | "failed" | "lost" => " pill-bad",
        _ => "",
    };
    let template = Template::new(r#"<span class="pill{{tone}}">{{status}}</span>"#);
    template.text("tone", tone).text("status", &words(status)).render()
}

/// A rhythm as the switch over the plans says it: `month` is `Monthly`.
pub(crate) fn adverb(rhythm: &str) -> String {
    match rhythm {
        "day" => "Daily".to_owned(),
        "week" => "Weekly".to_owned(),
        "month" => "Monthly".to_owned(),
        "year" => "Yearly".to_owned(),
        other => format!("Every {other}s"),
    }
}

/// `past_due` is `Past due`.
fn words(code: &str) -> String {
    let mut letters = code.chars();
    let first = letters.next().map_or_else(String::new, |first| first.to_uppercase().to_string());
    format!("{first}{}", letters.as_str().replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn money_and_intervals_read_like_a_price_tag() {
        let monthly = json!({
            "unit_amount": 4900, "currency": "usd", "recurring": { "interval": "month", "interval_count": 1 },
        });
        assert_eq!(price(&monthly), "$49.00 per month");
        assert_eq!(money(500, "jpy"), "JPY 500");
        assert_eq!(money(4_900, "kwd"), "KWD 4.900");
        assert_eq!(money(1_495_000, "usd"), "$14,950.00");
        assert_eq!(money(4_900, "chf"), "CHF 49.00");
        assert_eq!(date(1_769_860_800), "January 31, 2026");
    }
}
