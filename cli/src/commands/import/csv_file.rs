//! `--customers FILE.csv`.

use std::fs;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::claims::{Claim, Place};
use super::error::Error;

const ORGANIZATION: &str = "org_id";
const CUSTOMER: &str = "stripe_customer_id";

/// Reads the file. Its first line names the columns, in any order; others than the two are left alone.
pub(super) fn read(path: &Path) -> Result<Vec<Claim>, Error> {
    let name = || path.display().to_string();
    let bytes = fs::read(path).map_err(|error| Error::File(name(), error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = 1 + count_lines(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        Error::Encoding(name(), line)
    })?;
    claims(&text, &name())
}

fn claims(text: &str, name: &str) -> Result<Vec<Claim>, Error> {
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // A spreadsheet writes semicolons where the comma is the decimal point.
    let delimiter = [b',', b';', b'\t'].into_iter().find(|byte| header.as_bytes().contains(byte));
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .flexible(true)
        .trim(Trim::All)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut columns = None;
    let mut claims = Vec::new();
    let mut record = StringRecord::new();
    loop {
        let begins = reader.position().byte();
        if !reader.read_record(&mut record).map_err(|error| Error::Csv(name.to_owned(), error.to_string()))? {
            break;
        }
        if record.iter().all(str::is_empty) {
            continue;
        }
        let Some((organization, customer)) = columns else {
            columns = Some(find_columns(&record, name)?);
            continue;
        };
        let field = |column: usize| bare(record.get(column).unwrap_or_default()).to_owned();
        let place = Place::Line(line_of(text, begins));
        claims.push(Claim { org: field(organization), customer: field(customer), place });
    }
    match columns {
        Some(_) => Ok(claims),
        None => Err(Error::NoColumn(name.to_owned(), ORGANIZATION, "nothing".to_owned())),
    }
}

fn find_columns(header: &StringRecord, name: &str) -> Result<(usize, usize), Error> {
    let find = |wanted: &'static str| {
        header.iter().position(|column| bare(column).eq_ignore_ascii_case(wanted)).ok_or_else(|| {
            let there: Vec<&str> = header.iter().collect();
            Error::NoColumn(name.to_owned(), wanted, there.join(", "))
        })
    };
    Ok((find(ORGANIZATION)?, find(CUSTOMER)?))
}

/// A space before a quotation mark makes it part of the field.
fn bare(field: &str) -> &str {
    let inside = field.strip_prefix('"').and_then(|field| field.strip_suffix('"'));
    inside.unwrap_or(field).trim()
}

/// The line of a record. The reader says where the one before ended: blank lines may lie between.
fn line_of(text: &str, ended: u64) -> u64 {
    let (before, after) =
        text.as_bytes().split_at(usize::try_from(ended).unwrap_or_default().min(text.len()));
    let blank = after.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    1 + count_lines(before) + count_lines(&after[..blank])
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, String, String)> {
        let claims = claims(text, "customers.csv").unwrap();
        claims.into_iter().map(|claim| (claim.place.line().unwrap(), claim.org, claim.customer)).collect()
    }

    #[test]
    fn what_spreadsheets_write_is_read_with_the_line_it_stands_on() {
        let plain = "org_id,stripe_customer_id\na,cus_1\nb,cus_2\n";
        let expected = [(2, "a".into(), "cus_1".into()), (3, "b".into(), "cus_2".into())];
        assert_eq!(rows(plain), expected);
        assert_eq!(rows(plain.trim_end()), expected);
        assert_eq!(rows(&format!("\u{feff}{plain}")), expected);
        assert_eq!(rows(&plain.replace('\n', "\r\n")), expected);
        assert_eq!(rows(&plain.replace(',', ";")), expected);
        assert_eq!(rows(&plain.replace(',', "\t")), expected);
        assert_eq!(rows("\"Org_ID\" , \"stripe_customer_id\"\n\"a\", \"cus_1\"\n b , cus_2 \n"), expected);
        assert_eq!(rows("name,stripe_customer_id,org_id\n\"A, \"\"B\"\"\",cus_1,a\nx,cus_2,b\n"), expected);
    }

    #[test]
    fn blank_lines_and_line_breaks_in_fields_move_no_number() {
        let text =
            "\n\norg_id,stripe_customer_id,note\r\n\r\n,,\n   \na,cus_1,\"two\nlines\"\n\n\nb,cus_2\nc\n";
        assert_eq!(
            rows(text),
            [
                (7, "a".into(), "cus_1".into()),
                (11, "b".into(), "cus_2".into()),
                (12, "c".into(), String::new())
            ]
        );
    }

    #[test]
    fn a_file_without_its_header_is_refused_with_what_is_there() {
        for (text, expected) in [
            ("a,cus_1\n", "no column org_id in its first line: there is a, cus_1"),
            (
                "org_id,customer\n",
                "no column stripe_customer_id in its first line: there is org_id, customer",
            ),
            ("\n", "no column org_id in its first line: there is nothing"),
        ] {
            let sentence = claims(text, "customers.csv").unwrap_err().to_string();
            assert!(sentence.contains(expected), "{sentence}");
        }
    }
}
