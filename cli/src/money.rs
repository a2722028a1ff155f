//! Amounts for people.

/// The currencies without a smaller unit (Stripe, "Supported currencies": zero-decimal currencies).
const ZERO_DECIMAL: [&str; 15] =
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"];
/// Those with a thousandth (the same page: three-decimal currencies).
const THREE_DECIMAL: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

/// `4900` in `usd` is `49.00 USD`.
pub fn amount(minor: i64, currency: &str) -> String {
    let name = currency.to_uppercase();
    if ZERO_DECIMAL.contains(&currency) {
        return format!("{minor} {name}");
    }
    if THREE_DECIMAL.contains(&currency) {
        return format!("{}.{:03} {name}", minor / 1000, minor % 1000);
    }
    format!("{}.{:02} {name}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_its_currencys_decimals() {
        assert_eq!(amount(4900, "usd"), "49.00 USD");
        assert_eq!(amount(5, "eur"), "0.05 EUR");
        assert_eq!(amount(500, "jpy"), "500 JPY");
        assert_eq!(amount(4900, "kwd"), "4.900 KWD");
        assert_eq!(amount(490_000, "huf"), "4900.00 HUF");
    }
}
