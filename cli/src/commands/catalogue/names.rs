//! What may be the name of a flag, a lookup key, a currency, a price's id.

/// A flag's name is a word: metadata names several with commas between.
pub fn is_flag(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.len() <= 64 && name.chars().all(is_word)
}

/// What the lookup keys of a plan's prices begin with.
pub fn is_lookup_key(key: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    !key.is_empty() && key.len() <= 100 && key.chars().all(is_word)
}

/// Whether a price of the plan with this key could be taken for one of the plan with the other: its key goes
/// on with an interval.
pub fn is_taken_for(key: &str, other: &str) -> bool {
    let rest = key.strip_prefix(other).and_then(|rest| rest.strip_prefix('_'));
    rest.and_then(|rest| rest.split('_').next())
        .is_some_and(|word| ["day", "week", "month", "year"].contains(&word))
}

/// ISO 4217 as Stripe writes it.
pub fn is_currency(currency: &str) -> bool {
    currency.len() == 3 && currency.chars().all(|c| c.is_ascii_lowercase())
}

/// What may be the id of a price: no other path of the API. Plans from before there were prices have any
/// name.
pub fn is_price(id: &str) -> bool {
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    id.bytes().any(|byte| byte.is_ascii_alphanumeric()) && id.bytes().all(is_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_a_word_that_metadata_can_name() {
        for (name, good) in [
            ("hasAPI", true),
            ("can_export2", true),
            ("", false),
            ("2fast", false),
            ("a,b", false),
            ("a b", false),
        ] {
            assert_eq!(is_flag(name), good, "{name}");
        }
    }

    #[test]
    fn a_key_that_goes_on_with_an_interval_is_another_plans() {
        assert!(is_taken_for("shop_pro_month", "shop_pro"));
        assert!(is_taken_for("shop_pro_year_eur", "shop_pro"));
        assert!(!is_taken_for("shop_pro_plus", "shop_pro"));
        assert!(!is_taken_for("shop_pro", "shop_pro"));
    }
}
