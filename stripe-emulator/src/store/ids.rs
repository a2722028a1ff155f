//! Ids as Stripe makes them.

/// A fresh id: the prefix and `length` random letters and digits.
pub(crate) fn random_id(prefix: &str, length: usize) -> String {
    let random = std::iter::repeat_with(fastrand::alphanumeric).take(length);
    prefix.chars().chain(random).collect()
}
