//! Stripe's objects, as far as they are used: unknown fields and values survive, both places of each moved
//! field are read.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::ids::OrgId;

pub mod charge;
pub mod checkout_session;
pub mod customer;
mod discount;
pub mod invoice;
pub mod price;
pub mod schedule;
pub mod subscription;
pub mod subscription_items;
pub mod test_clock;

/// One page of a list that Stripe was asked for. What is no such page is an error: taken for an empty one, it
/// would say that there is nothing, and whatever was missed would be passed for good.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Answered<T>", bound = "T: Deserialize<'de>")]
pub struct Listing<T> {
    /// The page.
    pub data: Vec<T>,
    /// There are more. Never after an empty page.
    pub has_more: bool,
}

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Answered<T> {
    #[serde(rename = "object")]
    _object: IsList,
    data: Vec<T>,
    has_more: bool,
}

#[derive(Deserialize)]
enum IsList {
    #[serde(rename = "list")]
    List,
}

impl<T> TryFrom<Answered<T>> for Listing<T> {
    type Error = &'static str;

    fn try_from(Answered { data, has_more, .. }: Answered<T>) -> Result<Self, Self::Error> {
        match data.is_empty() && has_more {
            true => Err("an empty page with more to come"),
            false => Ok(Self { data, has_more }),
        }
    }
}

/// A list inside an object. Lenient, as an object's other fields are.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub struct List<T> {
    /// The objects.
    #[serde(default = "Vec::new", deserialize_with = "null_as_default")]
    pub data: Vec<T>,
    /// There are more.
    #[serde(default)]
    pub has_more: bool,
}

// Written out, because the derived one asks for `T: Default`.
impl<T> Default for List<T> {
    fn default() -> Self {
        Self { data: Vec::new(), has_more: false }
    }
}

/// An object of which only the id is of interest: a customer, a portal session.
#[derive(Debug, Deserialize)]
pub struct Object {
    /// Its id.
    pub id: String,
    /// Where it leads, if it is a page.
    pub url: Option<String>,
}

/// Metadata. Null and absent are empty, and so is the empty list that some serializers make of an empty map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Value")]
pub struct Metadata(pub HashMap<String, String>);

impl From<Value> for Metadata {
    fn from(value: Value) -> Self {
        let Value::Object(entries) = value else { return Self::default() };
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Self(entries.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
    }
}

impl Metadata {
    /// The value under a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// An id, or the whole object in its place because somebody asked Stripe to expand it.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "IdOrObject")]
pub struct Expandable(pub String);

#[derive(Deserialize)]
#[serde(untagged)]
enum IdOrObject {
    Id(String),
    Object { id: String },
}

impl From<IdOrObject> for Expandable {
    fn from(value: IdOrObject) -> Self {
        match value {
            IdOrObject::Id(id) | IdOrObject::Object { id } => Self(id),
        }
    }
}

/// Reads null as the default.
fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// None for what lies before 1970: Stripe has no such time, and PostgreSQL cannot hold all of them.
fn second(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok().filter(|_| second >= 0)
}

/// The organization that metadata names.
pub fn org_of(metadata: &Metadata) -> Option<OrgId> {
    metadata.get("org_id")?.trim().parse().ok()
}

/// The words of a comma-separated entry of metadata. Empty ones are left out.
fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_an_object_of_kind_list_with_its_data_and_whether_there_is_more() {
        let read = |text: &str| serde_json::from_str::<Listing<Object>>(text);
        let page =
            read(r#"{"object": "list", "data": [{"id": "a"}], "has_more": true, "url": "/"}"#).unwrap();
        assert!(page.has_more && page.data[0].id == "a");
        assert!(read(r#"{"object": "list", "data": [], "has_more": false}"#).unwrap().data.is_empty());
        for doubtful in [
            "{}",
            "[]",
            "null",
            r#""list""#,
            r#"{"object": "list", "has_more": false}"#,
            r#"{"object": "list", "data": null, "has_more": false}"#,
            r#"{"object": "list", "data": []}"#,
            r#"{"object": "list", "data": [], "has_more": true}"#,
            r#"{"object": "subscription", "data": [], "has_more": false}"#,
            r#"{"data": [], "has_more": false}"#,
        ] {
            assert!(read(doubtful).is_err(), "{doubtful}");
        }
    }
}
