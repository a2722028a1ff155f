//! JSON Schemas of the handlers' types, each under its name in `components`.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Collects the types that are named.
pub struct Schemas {
    /// What a client may send.
    requests: SchemaGenerator,
    /// What we answer: every field is always there.
    responses: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self { requests: settings.clone().into(), responses: settings.for_serialize().into() }
    }
}

impl Schemas {
    /// A reference to the schema of a type that a handler reads.
    pub fn request<T: JsonSchema>(&mut self) -> Value {
        self.requests.subschema_for::<T>().to_value()
    }

    /// A reference to the schema of a type that a handler writes.
    pub fn response<T: JsonSchema>(&mut self) -> Value {
        self.responses.subschema_for::<T>().to_value()
    }

    /// All that were named, by name.
    pub fn into_components(mut self) -> Map<String, Value> {
        let mut all = self.requests.take_definitions(true);
        for (name, schema) in self.responses.take_definitions(true) {
            let both_ways = all.get(&name).is_none_or(|read| *read == schema);
            assert!(both_ways, "{name} is read otherwise than it is written: it needs two names");
            all.insert(name, schema);
        }
        all.values_mut().for_each(as_enum);
        // The one rule that spans two fields.
        let checkout = all.get_mut("CheckoutRequest").and_then(Value::as_object_mut);
        let unsold =
            json!({ "properties": { "planCode": { "const": "pilot" }, "interval": { "const": "year" } } });
        checkout.into_iter().for_each(|schema| drop(schema.insert("not".to_owned(), unsold.clone())));
        all
    }
}

/// A list of words, each with its description, as generators of clients know it: `enum`, the descriptions in
/// one text.
fn as_enum(schema: &mut Value) {
    let Some(words) =
        schema["oneOf"].as_array().filter(|words| words.iter().all(|word| word["const"].is_string()))
    else {
        return;
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines: Vec<_> = words
        .iter()
        .map(|word| format!("- `{}`: {}", text(&word["const"]), text(&word["description"])))
        .collect();
    let names: Vec<_> = words.iter().map(|word| word["const"].clone()).collect();
    let description = format!("{}\n\n{}", text(&schema["description"]), lines.join("\n"));
    *schema = json!({ "type": "string", "enum": names, "description": description });
}
