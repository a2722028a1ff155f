//! The tag of an answer about entitlements, and what a caller names of such tags.

use lambda_http::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use crate::domain::position::Position;
use crate::error::Error;

/// What a caller names who wants what the primary has now, whatever an instance or a replica remembers.
const AFRESH: &str = "\"afresh\"";
/// Hexadecimal digits of the content.
const DIGITS: usize = 24;

/// A strong validator (RFC 9110, 8.8.3): `"<content>-<position>"`. If two have the same content, the answers
/// differ in nothing but their time. The position says how new an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    content: String,
    /// Up to where the log of the database is in the answer. None: not known.
    pub position: Option<Position>,
}

impl Tag {
    /// The tag of what is answered, and of where it was read.
    pub fn of(answered: &[u8], position: Option<Position>) -> Self {
        let digest = Sha256::digest(answered);
        Self { content: hex::encode(&digest[..DIGITS / 2]), position }
    }

    /// As a header's value.
    ///
    /// # Errors
    /// Never, as it is made of letters and digits.
    pub fn header(&self) -> Result<HeaderValue, Error> {
        let position = self.position.map(|position| format!("-{position}")).unwrap_or_default();
        HeaderValue::from_str(&format!("\"{}{position}\"", self.content))
            .map_err(|_| Error::Internal("the ETag is no header value"))
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix('"')?.strip_suffix('"')?;
        let (content, position) = match text.split_once('-') {
            Some((content, position)) => (content, Some(Position::parse(position)?)),
            None => (text, None),
        };
        let is_ours = content.len() == DIGITS && content.bytes().all(|b| b.is_ascii_hexdigit());
        is_ours.then(|| Self { content: content.to_owned(), position })
    }
}

/// What `If-None-Match` names (RFC 9110, 13.1.2: weak comparison, lists, `*`).
#[derive(Clone, Debug, Default)]
pub struct Named {
    tags: Vec<Tag>,
    any: bool,
    others: bool,
    /// The caller wants what the primary has now.
    pub afresh: bool,
}

impl Named {
    /// Reads the header, however often it is there.
    pub fn read(headers: &HeaderMap) -> Self {
        let mut named = Self::default();
        let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        for text in values.flat_map(|value| value.split(',')).map(str::trim) {
            match text.strip_prefix("W/").unwrap_or(text) {
                "*" => named.any = true,
                AFRESH => (named.afresh, named.others) = (true, true),
                text => match Tag::read(text) {
                    Some(tag) => named.tags.push(tag),
                    None => named.others = true,
                },
            }
        }
        named
    }

    /// The caller has seen the database up to here: an older answer is none. None: they have seen nothing.
    pub fn position(&self) -> Option<Position> {
        self.tags.iter().filter_map(|tag| tag.position).max()
    }

    /// The tag under which the caller has this answer already, the newest of several. A cache knows an answer
    /// by the very tag that it came with (RFC 9111, 4.3.4).
    pub fn known(&self, answer: &Tag) -> Option<Tag> {
        let same = self.tags.iter().filter(|tag| tag.content == answer.content);
        same.max_by_key(|tag| tag.position).or(self.any.then_some(answer)).cloned()
    }

    /// Whether the caller names nothing but this answer, and nothing newer.
    pub fn is_content_with(&self, answer: &Tag) -> bool {
        !self.others
            && self.tags.iter().all(|tag| tag.content == answer.content && tag.position <= answer.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &str) -> Named {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
        Named::read(&headers)
    }

    fn text(tag: &Tag) -> String {
        tag.header().unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn a_newer_position_does_not_make_another_answer() {
        let old = Tag::of(b"pro", Some(Position::new(0x100)));
        let new = Tag::of(b"pro", Some(Position::new(0x200)));
        assert_eq!(named(&text(&old)).known(&new), Some(old.clone()));
        assert_eq!(named(&format!("W/{}, {}", text(&new), text(&old))).known(&old), Some(new.clone()));
        assert_eq!(named(&text(&Tag::of(b"pro", None))).known(&new), Some(Tag::of(b"pro", None)));
        assert_eq!(named(&text(&Tag::of(b"pilot", None))).known(&new), None);
        assert_eq!(named("*").known(&new), Some(new));
    }

    #[test]
    fn the_newest_position_of_all_tags_counts() {
        let (old, new) = (Tag::of(b"a", Some(Position::new(9))), Tag::of(b"b", Some(Position::new(10))));
        assert_eq!(named(&format!("{}, {}", text(&new), text(&old))).position(), new.position);
        assert_eq!(named("*, \"afresh\", \"other\"").position(), None);
        assert!(named("\"afresh\"").afresh && !named("\"other\"").afresh);
    }

    #[test]
    fn only_the_same_answer_that_is_not_older_is_good_enough_from_memory() {
        let tag = |bytes| Tag::of(b"pro", Some(Position::new(bytes)));
        assert!(named(&text(&tag(1))).is_content_with(&tag(2)));
        assert!(named(&text(&tag(2))).is_content_with(&tag(2)));
        assert!(!named(&text(&tag(3))).is_content_with(&tag(2)));
        assert!(named("*").is_content_with(&tag(2)));
        assert!(!named("\"other\"").is_content_with(&tag(2)));
        assert!(!named(&format!("\"afresh\", {}", text(&tag(2)))).is_content_with(&tag(2)));
    }
}
