//! Rows in columns, for people.

use std::fmt;

use crate::words::in_one_line;

/// What is longer is nobody's to read in a column; a format has no room for much more either.
const WIDEST: usize = 200;

/// Writes rows with every column as wide as its widest cell. A longer one than 200 characters is cut.
pub fn write<const N: usize>(f: &mut fmt::Formatter<'_>, rows: &[[String; N]]) -> fmt::Result {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| cut(cell))).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(f, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn cut(cell: &str) -> String {
    let cell = in_one_line(cell);
    match cell.char_indices().nth(WIDEST) {
        None => cell,
        Some(_) => cell.chars().take(WIDEST - 1).chain(['\u{2026}']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Rows([[String; 2]; 2]);

    impl fmt::Display for Rows {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(f, &self.0)
        }
    }

    #[test]
    fn a_cell_of_any_length_is_written() {
        let long = "\u{e4}".repeat(70_000);
        let text = Rows([[long, "b".to_owned()], ["a".to_owned(), "c".to_owned()]]).to_string();
        let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths, [WIDEST + 3, WIDEST + 3]);
    }
}
