//! catalogue.toml, as an operator writes it.

use cli::commands::catalogue::parse;
use cli::commands::catalogue::pull::Pulled;
use toml::{Table, Value};

const NAME: &str = "catalogue.toml";

/// A file that is taken says the same once it is written again, also to whoever reads only TOML. One that is
/// refused is told a sentence for each problem, with a line that there is.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let catalogue = match parse(NAME, text) {
        Ok(catalogue) => catalogue,
        Err(problems) => return refused(text, &problems),
    };
    let written = Pulled(catalogue.clone()).to_string();
    assert_eq!(parse(NAME, &written).as_ref(), Ok(&catalogue), "{written}");
    assert_eq!(plain(&written), plain(text));
}

fn refused(text: &str, problems: &[String]) {
    assert!(!problems.is_empty(), "{text}");
    let lines = text.matches('\n').count() + 1;
    for problem in problems {
        let rest = problem.strip_prefix(NAME).expect("a problem begins with the file's name");
        let line = rest.strip_prefix(", line ").and_then(|rest| rest.split([',', ':']).next());
        let line = line.map(|line| line.parse::<usize>().expect("a line"));
        assert!(line.is_none_or(|line| (1..=lines).contains(&line)), "{problem}");
        assert!(problem.ends_with('.') && !problem.contains('\n'), "{problem}");
    }
}

/// What a file says, however it is written: lists without an order, and nothing that goes without saying.
fn plain(text: &str) -> Table {
    let mut table: Table = text.parse().expect("what is taken is TOML");
    let plans = table.get_mut("plans").and_then(Value::as_table_mut).expect("plans");
    for plan in plans.iter_mut().filter_map(|(_, plan)| plan.as_table_mut()) {
        for list in ["flags", "prices"] {
            let list = plan.entry(list).or_insert_with(|| Value::Array(Vec::new()));
            let list = list.as_array_mut().expect("a list");
            let prices = list.iter_mut().filter_map(Value::as_table_mut);
            prices.for_each(|price| price.retain(|_, value| *value != Value::Boolean(true)));
            list.sort_by_key(|item| format!("{item:?}"));
        }
        plan.retain(|_, value| *value != Value::Boolean(false) && value.as_str() != Some(""));
    }
    table
}
