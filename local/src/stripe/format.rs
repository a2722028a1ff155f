//! How the pages write money, times and states for a person.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::html::Template;
use super::store::{number, text};

const ZERO_DECIMAL: [&str; 4] = ["jpy", "krw", "vnd", "clp"];

/// `1234` cents in `usd` are `USD 12.34`.
pub(crate) fn money(amount: i64, currency: &str) -> String {
    let name = currency.to_uppercase();
    if ZERO_DECIMAL.contains(&currency) {
        return format!("{name} {amount}");
    }
    format!("{name} {}.{:02}", thousands(amount / 100), amount.abs() % 100)
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

/// `USD 49.00 per month`.
pub(crate) fn price(price: &Value) -> String {
    let cost = money(number(&price["unit_amount"]), text(&price["currency"]));
    match (text(&price["recurring"]["interval"]), number(&price["recurring"]["interval_count"])) {
        ("", _) => cost,
        (interval, 0 | 1) => format!("{cost} per {interval}"),
        (interval, count) => format!("{cost} every {count} {interval}s"),
    }
}

pub(crate) fn date(seconds: i64) -> String {
    format_as(seconds, "%-d %B %Y")
}

pub(crate) fn time(seconds: i64) -> String {
    format_as(seconds, "%Y-%m-%d %H:%M:%S UTC")
}

fn format_as(seconds: i64, format: &str) -> String {
    let zoned = Timestamp::from_second(seconds).map(|instant| instant.to_zoned(TimeZone::UTC));
    zoned.map(|zoned| zoned.strftime(format).to_string()).unwrap_or_default()
}

/// A state as a pill, in the colour of how well things stand.
pub(crate) fn pill(status: &str) -> String {
    let tone = match status {
        "active" | "complete" | "paid" | "succeeded" | "trialing" => "good",
        "open" | "pending" | "held" | "paused" | "incomplete" | "no_payment_required" => "waiting",
        "past_due" | "unpaid" | "failed" => "bad",
        _ => "over",
    };
    let template = Template::new(r#"<span class="pill {{tone}}">{{status}}</span>"#);
    template.text("tone", tone).text("status", &status.replace('_', " ")).render()
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
        assert_eq!(price(&monthly), "USD 49.00 per month");
        assert_eq!(money(500, "jpy"), "JPY 500");
        assert_eq!(money(1_495_000, "usd"), "USD 14,950.00");
        assert_eq!(date(1_769_860_800), "31 January 2026");
    }
}
