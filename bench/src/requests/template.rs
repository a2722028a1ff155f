//! Texts with holes: cut once, filled in for every request without looking at them again.

/// What fills a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hole {
    /// The event's id.
    Event,
    /// When the event was made, Unix seconds.
    Created,
    /// The second before.
    Before,
    /// When the subscription was made, Unix seconds.
    Since,
    /// The organization's id.
    Org,
    /// The person who asks.
    Person,
    /// The person's access token.
    Token,
    /// The subscription's id.
    Subscription,
    /// The customer's id.
    Customer,
}

/// How many kinds of holes there are.
const KINDS: usize = Hole::Customer as usize + 1;

/// What fills the holes of one text.
#[derive(Clone, Debug, Default)]
pub struct Values([String; KINDS]);

impl Values {
    /// With nothing in it.
    pub fn new(values: impl IntoIterator<Item = (Hole, String)>) -> Self {
        let mut filled = Self::default();
        for (hole, value) in values {
            filled.set(hole, value);
        }
        filled
    }

    /// Fills a hole.
    pub fn set(&mut self, hole: Hole, value: String) {
        self.0[hole as usize] = value;
    }

    /// What fills a hole.
    pub fn get(&self, hole: Hole) -> &str {
        &self.0[hole as usize]
    }
}

/// A text with holes.
#[derive(Clone, Debug)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Hole(Hole),
}

impl Template {
    /// Cuts a text wherever one of the marks stands.
    pub fn cut(text: &str, marks: &[(&str, Hole)]) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        loop {
            let found = marks.iter().filter_map(|(mark, hole)| Some((rest.find(mark)?, mark.len(), *hole)));
            let Some((at, length, hole)) = found.min_by_key(|(at, ..)| *at) else { break };
            pieces.push(Piece::Text(rest[..at].to_owned()));
            pieces.push(Piece::Hole(hole));
            rest = &rest[at + length..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Self(pieces)
    }

    /// The same inside of a JSON string. What fills the holes must need no escaping there.
    pub fn in_json(&self) -> Self {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => {
                let quoted = serde_json::Value::from(text.as_str()).to_string();
                Piece::Text(quoted[1..quoted.len() - 1].to_owned())
            }
            Piece::Hole(hole) => Piece::Hole(*hole),
        });
        Self(pieces.collect())
    }

    /// The text as an expression in SQL, of other expressions in its holes.
    ///
    /// pgbench takes a colon with a name behind it for a variable, inside of quotes too: there the text is
    /// parted.
    pub fn in_sql(&self, expression: impl Fn(Hole) -> String) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => format!("'{}'", parted(&text.replace('\'', "''"))),
            Piece::Hole(hole) => expression(*hole),
        });
        pieces.collect::<Vec<_>>().join(" || ")
    }

    /// Appends the text with its holes filled.
    pub fn fill(&self, values: &Values, into: &mut Vec<u8>) {
        for piece in &self.0 {
            let text = match piece {
                Piece::Text(text) => text,
                Piece::Hole(hole) => values.get(*hole),
            };
            into.extend_from_slice(text.as_bytes());
        }
    }

    /// The text with its holes filled.
    pub fn filled(&self, values: &Values) -> String {
        let mut text = Vec::new();
        self.fill(values, &mut text);
        String::from_utf8(text).expect("all pieces are text")
    }
}

fn parted(text: &str) -> String {
    let mut parted = String::new();
    let mut last = ' ';
    for character in text.chars() {
        if last == ':' && (character.is_alphanumeric() || character == '_') {
            parted.push_str("' || '");
        }
        parted.push(character);
        last = character;
    }
    parted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_becomes_a_hole_and_the_rest_stays() {
        let template = Template::cut("a-X-b-Y-X", &[("Y", Hole::Org), ("X", Hole::Person)]);
        let values = Values::new([(Hole::Person, "1".to_owned()), (Hole::Org, "2".to_owned())]);
        assert_eq!(template.filled(&values), "a-1-b-2-1");
        assert_eq!(Template::cut("none", &[("X", Hole::Org)]).filled(&values), "none");
    }

    #[test]
    fn in_sql_no_text_is_taken_for_a_variable() {
        let template = Template::cut(r#"{"a":true,"b":"X's"}"#, &[("X", Hole::Org)]);
        let sql = template.in_sql(|_| ":n".to_owned());
        assert_eq!(sql, r#"'{"a":' || 'true,"b":"' || :n || '''s"}'"#);
    }

    #[test]
    fn in_a_json_string_only_the_texts_are_escaped() {
        let template = Template::cut("{\"id\":\"X\"}\n", &[("X", Hole::Org)]).in_json();
        let values = Values::new([(Hole::Org, "7".to_owned())]);
        assert_eq!(template.filled(&values), r#"{\"id\":\"7\"}\n"#);
    }
}
