//! Words of sentences.

/// `1 event`, `2 events`.
pub fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// How often something is paid: `by the month`, `every 3 months`.
pub fn every(interval: &str, count: i64) -> String {
    if count == 1 { format!("by the {interval}") } else { format!("every {count} {interval}s") }
}

/// What somebody else wrote, in one line: a name may hold line breaks, and codes that a terminal obeys.
pub fn in_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `live` or `test`.
pub fn mode(livemode: bool) -> &'static str {
    if livemode { "live" } else { "test" }
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_told_with_its_count() {
        assert_eq!(every("month", 1), "by the month");
        assert_eq!(every("month", 3), "every 3 months");
    }

    #[test]
    fn what_somebody_else_wrote_makes_no_line_and_gives_no_command() {
        assert_eq!(
            in_one_line("Ev\u{1b}[31mil\nPlan  enterprise"),
            "Ev\u{fffd}[31mil\u{fffd}Plan  enterprise"
        );
        assert_eq!(in_one_line("Müller & Söhne"), "Müller & Söhne");
    }

    #[test]
    fn words_in_a_row_end_with_and() {
        let words = ["a", "b", "c"].map(str::to_owned);
        assert_eq!([0, 1, 2, 3].map(|n| listed(&words[..n])), ["", "a", "a and b", "a, b and c"]);
    }
}
