//! Amounts for people.

/// The currencies without a smaller unit (Stripe, "Supported currencies": zero-decimal currencies).
const ZERO_DECIMAL: [&str; 15] =
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"];

/// `4900` in `usd` is `49.00 USD`.
pub fn amount(minor: i64, currency: &str) -> String {
    let name = currency.to_uppercase();
    if ZERO_DECIMAL.contains(&currency) {
        return format!("{minor} {name}");
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
    }
}
